#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace aka::base {

/// Wall time, UTC, for timestamps that people and Prometheus read. It can jump.
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

/// CLOCK_BOOTTIME: monotonic, and it goes on while the machine sleeps, so that ages stay true
/// after a suspend.
struct BootClock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<BootClock>;
  // NOLINTNEXTLINE(readability-identifier-naming): the standard's Clock requirements fix the name
  static constexpr bool is_steady = true;
  static time_point now() noexcept;
};
using SteadyTime = BootClock::time_point;

/// Where the program asks the time. Tests hand in a clock that they move.
/// Every member may be called from any thread.
class Clock {
 public:
  virtual ~Clock() = default;

  virtual WallTime wall() const = 0;
  virtual SteadyTime steady() const = 0;

  /// Waits on `condition` until it is notified, `deadline` has come, or spuriously; the caller
  /// checks again. `lock` is held on entry and on return.
  virtual void wait_until(std::condition_variable& condition, std::unique_lock<std::mutex>& lock,
                          SteadyTime deadline) const = 0;
};

/// The machine's clocks. Lives as long as the program.
const Clock& system_clock();

}  // namespace aka::base
