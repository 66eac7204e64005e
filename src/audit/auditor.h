#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "audit/observers.h"
#include "audit/organization_poller.h"
#include "base/clock.h"
#include "model/roster.h"
#include "model/snapshot.h"

namespace aka::audit {

/// All that the watching of one configuration needs.
struct Plan {
  std::shared_ptr<const model::Roster> roster;
  int stale_after = 3;  ///< intervals without a conclusive poll
  PollSettings polls;
  ClientFactory connect;
  CredentialFactsOf credential = [](const model::Organization&) { return CredentialFacts{}; };
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
  void adopt(Plan plan, PollMode mode = PollMode::continuous);

  /// Everything as of now; waivers count as their dates say at this instant. Only after adopt().
  model::Snapshot snapshot();

  /// Whether every organization's scheduler came by within `limit`.
  bool beats_within(base::Duration limit) const;

  /// Requests under way, and answers that do not yet count in budget, backoff and schedule.
  std::size_t under_way() const;

  /// PollMode::once: returns when every key was polled, or a stop was requested.
  void wait_until_done();
  void request_stop();
  /// Returns when no poll runs any more.
  void stop();

 private:
  struct Generation;

  std::shared_ptr<Generation> current() const;

  const Observers observers_;
  const base::Clock& clock_;
  std::mutex adopting_;  // one adopt() or stop() at a time

  mutable std::mutex mutex_;  // guards the pointer
  std::shared_ptr<Generation> current_;
};

}  // namespace aka::audit
