#pragma once

#include <cstddef>
#include <vector>

#include "audit/ancestry.h"
#include "audit/plan.h"
#include "base/clock.h"
#include "model/snapshot.h"

namespace aka::audit {

/// What was watched until now, as far as the schedule goes.
struct Predecessor {
  const Plan& plan;
  const Ancestry& from;
  const std::vector<PollerMemory>& memories;  ///< parallel to its organizations; empty: none polled
};

/// With what the pollers of a configuration begin: budgets, backoffs and jobs. Keys that stay keep
/// their place in the schedule.
class FirstJobs {
 public:
  /// All must outlive it; `before` is null at start. `wall` and `now` are one instant.
  FirstJobs(const Plan& plan, const model::StatusTable& table, const Predecessor* before,
            base::WallTime wall, base::SteadyTime now);

  PollerMemory of(std::size_t organization) const;

 private:
  const PollerMemory* memory_before(std::size_t organization) const;
  bool same_credential(std::size_t organization) const;
  base::SteadyTime begin_of(std::size_t organization) const;
  void add_others(PollerMemory& memory, std::size_t organization) const;
  bool all_judged(const model::Organization& of) const;
  void add_polls(PollerMemory& memory, std::size_t organization) const;
  void add_own_requests(PollerMemory& memory, std::size_t organization) const;
  std::vector<std::size_t> first_turns(const model::Organization& organization) const;
  base::SteadyTime due_before(std::size_t index) const;

  const Plan& plan_;
  const model::StatusTable& table_;
  const Predecessor* before_;
  const base::WallTime wall_;
  const base::SteadyTime now_;
  std::vector<base::SteadyTime> due_;  // of polls, by key of the roster before; the epoch: none
};

}  // namespace aka::audit
