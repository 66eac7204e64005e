#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "audit/observers.h"
#include "audit/plan.h"
#include "base/clock.h"
#include "model/roster.h"
#include "model/snapshot.h"

namespace aka::audit {

class Generation;

/// What outlives the program: the keys and organizations of a roster as they were.
struct Memory {
  std::shared_ptr<const model::Roster> roster;
  std::vector<model::KeyStatus> keys;                    ///< in the order of the roster
  std::vector<model::OrganizationStatus> organizations;  ///< parallel to roster->organizations
};

/// Watches the keys of a plan, and of the next one after a reload. Safe from any thread.
class Auditor {
 public:
  Auditor(Observers observers, const base::Clock& clock);
  ~Auditor();
  Auditor(const Auditor&) = delete;
  Auditor& operator=(const Auditor&) = delete;

  /// Watches `plan` from now on. Keys that were watched before keep what is known of them, their
  /// place in the schedule and their organization's request budget; polls under way are repeated.
  /// Answers how long polls stood still.
  std::chrono::nanoseconds adopt(Plan plan, PollMode mode = PollMode::continuous);

  /// What was known when the program last ended, before the first adopt(): as if that roster had
  /// been watched until now.
  void restore(Memory memory);

  /// Everything as of now; waivers count as their dates say at this instant. Only after adopt().
  model::Snapshot snapshot();

  /// Time passes: waivers lapse, each with a step, and then `look` sees everything as it is, with
  /// the order of the steps locked; it must not call back. Only after adopt().
  void tick(const std::function<void(const model::StatusTable&)>& look);

  /// Whether the scheduler came by within `limit`.
  bool beats_within(base::Duration limit) const;

  /// From when on the next request of any organization may begin; nothing if none waits.
  std::optional<base::SteadyTime> next_start() const;

  /// Requests under way, and answers that do not yet count in budget, backoff and schedule.
  std::size_t under_way() const;

  /// PollMode::once: returns when every key was polled, or a stop was requested.
  void wait_until_done();
  void request_stop();
  /// Returns when no poll runs any more.
  void stop();

 private:
  std::shared_ptr<Generation> current() const;
  void settle_owed(Generation& generation);

  const Observers observers_;
  const base::Clock& clock_;
  std::mutex adopting_;  // one adopt() or stop() at a time
  std::mutex settling_;  // while a reload owes steps; taken before order_
  std::mutex order_;     // of the steps: held over a change of a table and its step

  mutable std::mutex mutex_;  // guards the pointer
  std::shared_ptr<Generation> current_;
};

}  // namespace aka::audit
