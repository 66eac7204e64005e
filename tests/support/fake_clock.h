#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "base/clock.h"

namespace aka::testing {

/// A clock that stands still until a test moves it. Waits look at it again every millisecond of
/// real time, so that no wake-up can be lost.
class FakeClock final : public base::Clock {
 public:
  base::WallTime wall() const override {
    const std::scoped_lock lock(mutex_);
    return wall_;
  }

  base::SteadyTime steady() const override {
    const std::scoped_lock lock(mutex_);
    return steady_;
  }

  void wait_until(std::condition_variable& condition, std::unique_lock<std::mutex>& lock,
                  base::SteadyTime deadline) const override {
    ++waits_;
    if (steady() < deadline) condition.wait_for(lock, std::chrono::milliseconds(1));
  }

  void advance(std::chrono::nanoseconds by) {
    const std::scoped_lock lock(mutex_);
    wall_ += std::chrono::duration_cast<std::chrono::milliseconds>(by);
    steady_ += by;
  }

  /// How often anybody found that there was nothing to do but wait.
  std::size_t waits() const { return waits_; }

  void set_wall(base::WallTime wall) {
    const std::scoped_lock lock(mutex_);
    wall_ = wall;
  }

 private:
  mutable std::atomic<std::size_t> waits_{0};
  mutable std::mutex mutex_;
  base::WallTime wall_{std::chrono::sys_days(std::chrono::year(2026) / 11 / 24)};
  base::SteadyTime steady_{std::chrono::hours(1)};
};

}  // namespace aka::testing
