#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "audit/ancestry.h"
#include "audit/crew.h"
#include "audit/owed_steps.h"
#include "audit/plan.h"
#include "base/clock.h"
#include "model/snapshot.h"

namespace aka::audit {

/// The watching of one configuration: its statuses and its pollers.
class Generation {
 public:
  /// Every key is as new. `observers` and `clock` must outlive it.
  Generation(Plan plan, const Observers& observers, const base::Clock& clock);

  /// Returns when no poll runs any more.
  void stop();
  /// Nothing counts any more that its pollers learn, and they end; does not wait for that. With the
  /// order locked, as the next.
  std::vector<PollerMemory> retire();

  /// What is known of keys and organizations that stay, from a generation that has retired. The
  /// steps of organizations come at once, those of keys are owed.
  void inherit(const Generation& before, const Ancestry& from);

  /// After inherit(), if at all; `before` is null at start. Nothing runs before start().
  void make_pollers(const Generation* before, const Ancestry& from,
                    const std::vector<PollerMemory>& memories, PollMode mode, std::mutex& order);
  void start();

  /// Waivers lapse, each with a step. With the order locked.
  void lapse();

  const Plan plan;
  model::StatusTable table;
  OwedSteps owed;                        ///< with the order locked
  bool retired = false;                  ///< likewise
  std::vector<std::size_t> waived_keys;  ///< by index among all keys
  std::vector<std::unique_ptr<OrganizationPoller>> pollers;
  Crew crew;  ///< last, so that its threads end first

 private:
  void inherit_organization(const Generation& before, const Ancestry& from,
                            std::size_t organization);

  const Observers& observers_;
  const base::Clock& clock_;
};

}  // namespace aka::audit
