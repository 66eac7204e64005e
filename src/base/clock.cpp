// The real clocks. Entry point: system_clock(). Long waits are cut into slices, because a
// condition variable's own clock stands still while the machine sleeps and ours does not.
#include "base/clock.h"

#include <algorithm>
#include <ctime>

namespace aka::base {
namespace {

constexpr std::chrono::nanoseconds kLongestWait = std::chrono::seconds(5);

class SystemClock final : public Clock {
 public:
  WallTime wall() const override {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now());
  }

  SteadyTime steady() const override { return BootClock::now(); }

  void wait_until(std::condition_variable& condition, std::unique_lock<std::mutex>& lock,
                  SteadyTime deadline) const override {
    const auto remaining = deadline - steady();
    if (remaining <= std::chrono::nanoseconds::zero()) return;
    condition.wait_for(lock, std::min<std::chrono::nanoseconds>(remaining, kLongestWait));
  }
};

}  // namespace

BootClock::time_point BootClock::now() noexcept {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return time_point(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

}  // namespace aka::base
