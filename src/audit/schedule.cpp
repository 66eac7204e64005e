// When polls are due; all arithmetic, no clock.
#include "audit/schedule.h"

#include <algorithm>

#include "atlas/key_parser.h"

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

std::size_t requests_per_interval(const model::Organization& organization) {
  const std::size_t keys = organization.keys.size();
  return keys + (organization.discover ? keys / atlas::kKeysPerPage + 1 : 0);
}

std::optional<SteadyTime> Schedule::next() const {
  if (polls_.empty() && others_.empty()) return std::nullopt;
  if (polls_.empty()) return others_.top().due;
  if (others_.empty()) return polls_.top().due;
  return std::min(polls_.top().due, others_.top().due);
}

Job Schedule::take(SteadyTime now) {
  const bool poll_due = !polls_.empty() && polls_.top().due <= now;
  const bool other_due = !others_.empty() && others_.top().due <= now;
  const bool yields = other_due && poll_due && polls_.top().due < others_.top().due + patience_;
  Queue& queue = other_due && !yields ? others_ : polls_;
  const Job job = queue.top();
  queue.pop();
  return job;
}

}  // namespace aka::audit
