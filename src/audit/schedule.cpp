// When polls are due; all arithmetic, no clock.
#include "audit/schedule.h"

#include <algorithm>

namespace aka::audit {

using base::Duration;
using base::SteadyTime;

Duration effective_interval(Duration configured, std::size_t keys, int per_minute) {
  const auto needed = (static_cast<long long>(keys) * 60'000 + per_minute - 1) / per_minute;
  return std::max(configured, Duration(needed));
}

Duration detection_bound(Duration effective_interval, double jitter, Duration timeout) {
  return std::chrono::duration_cast<Duration>(effective_interval * (1 + jitter)) + timeout;
}

SteadyTime first_due(std::size_t index, std::size_t count, SteadyTime start, Duration interval) {
  const std::chrono::nanoseconds whole = interval;
  return start + whole / static_cast<long long>(count) * static_cast<long long>(index);
}

SteadyTime next_due(SteadyTime last_due, SteadyTime now, Duration wait, double jitter,
                    Chance chance) {
  const std::chrono::nanoseconds whole = wait;
  const auto swing =
      std::chrono::duration_cast<std::chrono::nanoseconds>(whole * (jitter * (2 * chance - 1)));
  return std::max(now, last_due + whole + swing);
}

}  // namespace aka::audit
