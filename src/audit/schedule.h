#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <queue>
#include <vector>

#include "audit/backoff.h"
#include "base/clock.h"
#include "base/duration.h"

namespace aka::audit {

/// A key of an organization and the instant from which its poll may start.
struct Job {
  base::SteadyTime due{};
  std::uint32_t key = 0;  ///< index in Organization::keys

  friend auto operator<=>(const Job&, const Job&) = default;
};

/// The interval that `keys` polls can keep within `per_minute` requests: the configured one, or a
/// longer one.
base::Duration effective_interval(base::Duration configured, std::size_t keys, int per_minute);

/// The longest that a change can go unseen while all works: it came right after a poll, and the
/// next one is late by the jitter and takes all the time that a request may.
base::Duration detection_bound(base::Duration effective_interval, double jitter,
                               base::Duration timeout);

/// The first poll of key `index` of `count`: they are spread evenly over the first interval, so
/// that no start is a herd.
base::SteadyTime first_due(std::size_t index, std::size_t count, base::SteadyTime start,
                           base::Duration interval);

/// One `wait` after the last due time, give or take `jitter` (a fraction). A poll that is late by
/// more than that is not made up for: the next one is due now.
base::SteadyTime next_due(base::SteadyTime last_due, base::SteadyTime now, base::Duration wait,
                          double jitter, Chance chance);

/// Jobs by due time. A value without threads.
class Schedule {
 public:
  void add(Job job) { jobs_.push(job); }
  std::optional<base::SteadyTime> next() const {
    return jobs_.empty() ? std::nullopt : std::optional(jobs_.top().due);
  }
  /// The job that is due first; there must be one.
  Job take() {
    const Job job = jobs_.top();
    jobs_.pop();
    return job;
  }
  bool empty() const { return jobs_.empty(); }

 private:
  std::priority_queue<Job, std::vector<Job>, std::greater<>> jobs_;
};

}  // namespace aka::audit
