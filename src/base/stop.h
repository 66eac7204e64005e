#pragma once

#include <atomic>

namespace aka::base {

/// A one-way switch that ends waits, in poll(2) too: its descriptor becomes readable, and stays
/// so, once a stop was requested. Safe from any thread; request() also from a signal handler.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  void request() noexcept;
  bool requested() const noexcept { return requested_.load(std::memory_order_acquire); }

  /// For poll(2) only; never read from it.
  int descriptor() const noexcept { return descriptor_; }

 private:
  int descriptor_;
  std::atomic<bool> requested_{false};
};

}  // namespace aka::base
