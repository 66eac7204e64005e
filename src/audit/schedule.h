#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

#include "audit/backoff.h"
#include "base/clock.h"
#include "base/duration.h"
#include "model/roster.h"

namespace aka::audit {

enum class JobKind : std::uint8_t {
  poll,        ///< of one key
  recheck,     ///< of the key whose turn it is, beside its place in the list
  sweep,       ///< the next page of the organization's list of keys
  credential,  ///< what the daemon's own key may do
};

/// Something to ask the service, and the instant from which it may be asked.
struct Job {
  base::SteadyTime due{};
  std::uint32_t key = 0;  ///< of a poll or recheck: index in Organization::keys
  JobKind kind = JobKind::poll;

  friend auto operator<=>(const Job&, const Job&) = default;
};

/// What watching an organization asks of the service.
struct Demand {
  std::size_t polls = 0;   ///< requests for single keys, in each interval
  std::size_t pages = 0;   ///< requests for pages of the list, in each interval
  double beside = 0;       ///< requests a minute, whatever the interval
  std::size_t series = 1;  ///< requests that end one after the other before a change is seen

  double per_minute(base::Duration interval) const;
};

/// As configured; the list has no more pages than the configured keys need.
Demand demand_of(const model::Organization& organization, base::Duration recheck, int per_minute);
/// With `fetch: list`, of a list that has so many pages.
Demand list_demand(const model::Organization& organization, std::size_t pages,
                   base::Duration recheck, int per_minute);

/// How often each of `keys` can be asked for by itself with half of the rate limit at most: as
/// configured, or less often.
base::Duration effective_recheck(base::Duration configured, std::size_t keys, int per_minute);

/// The interval that `demand` can keep within `per_minute` requests: the configured one, or a
/// longer one.
base::Duration effective_interval(base::Duration configured, const Demand& demand, int per_minute);

/// The longest that a change can go unseen while all works: it came right after a poll, and the
/// next one is late by the jitter and takes all the time that its requests may. With `fetch: list`
/// these are the pages, and the one for a key that the list lacks.
base::Duration detection_bound(base::Duration effective_interval, double jitter,
                               base::Duration timeout, const Demand& demand);

/// The first poll of key `index` of `count`: they are spread evenly over the first interval, so
/// that no start is a herd.
base::SteadyTime first_due(std::size_t index, std::size_t count, base::SteadyTime start,
                           base::Duration interval);

/// One `wait` after the last due time, give or take `jitter` (a fraction). A poll that is late by
/// more than that is not made up for: the next one is due now.
base::SteadyTime next_due(base::SteadyTime last_due, base::SteadyTime now, base::Duration wait,
                          double jitter, Chance chance);

/// Whose turn it is to be asked for by itself: all `keys` in each period of `every`, spread evenly
/// over it. By the calendar, so that no restart and no reload begins anew.
Job first_recheck(std::size_t keys, base::Duration every, base::WallTime wall,
                  base::SteadyTime now);
/// The turn after `last`. What fell behind is made up for at twice the pace.
Job next_recheck(const Job& last, std::size_t keys, base::Duration every, base::SteadyTime now);

/// Jobs by due time, but for this: what is no poll yields to due polls, for as long as `patience`.
/// A value without threads.
class Schedule {
 public:
  explicit Schedule(base::Duration patience = {}) : patience_(patience) {}

  void add(Job job) { (job.kind == JobKind::poll ? polls_ : others_).push(job); }
  std::optional<base::SteadyTime> next() const;
  /// The job to start at `now`; there must be one that is due.
  Job take(base::SteadyTime now);
  /// All, in no order; none is left.
  std::vector<Job> take_all();
  bool empty() const { return polls_.empty() && others_.empty(); }

 private:
  /// What can be emptied at once.
  struct Queue : std::priority_queue<Job, std::vector<Job>, std::greater<>> {
    std::vector<Job> take_all() { return std::exchange(c, {}); }
  };

  base::Duration patience_;
  Queue polls_;
  Queue others_;
};

}  // namespace aka::audit
