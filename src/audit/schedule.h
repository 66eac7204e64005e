#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <queue>
#include <vector>

#include "audit/backoff.h"
#include "base/clock.h"
#include "base/duration.h"
#include "model/roster.h"

namespace aka::audit {

enum class JobKind : std::uint8_t {
  poll,        ///< of one key
  sweep,       ///< the next page of the organization's list of keys
  credential,  ///< what the daemon's own key may do
};

/// Something to ask the service, and the instant from which it may be asked.
struct Job {
  base::SteadyTime due{};
  std::uint32_t key = 0;  ///< of a poll: index in Organization::keys
  JobKind kind = JobKind::poll;

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

/// Requests that an organization takes in one interval: its keys, and the pages of its list.
std::size_t requests_per_interval(const model::Organization& organization);

/// Jobs by due time, but for this: what is no poll yields to due polls, for as long as `patience`.
/// A value without threads.
class Schedule {
 public:
  explicit Schedule(base::Duration patience = {}) : patience_(patience) {}

  void add(Job job) { (job.kind == JobKind::poll ? polls_ : others_).push(job); }
  std::optional<base::SteadyTime> next() const;
  /// The job to start at `now`; there must be one that is due.
  Job take(base::SteadyTime now);
  /// Whatever its due time, the first; there must be one.
  Job take_any() { return take(*next()); }
  bool empty() const { return polls_.empty() && others_.empty(); }

 private:
  using Queue = std::priority_queue<Job, std::vector<Job>, std::greater<>>;

  base::Duration patience_;
  Queue polls_;
  Queue others_;
};

}  // namespace aka::audit
