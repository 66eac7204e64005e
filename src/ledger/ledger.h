#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "incident/book.h"
#include "ledger/adoption.h"
#include "model/snapshot.h"
#include "policy/advance.h"
#include "policy/compare.h"
#include "policy/discovery.h"
#include "store/store.h"

namespace aka::ledger {

/// Something that a receiver has to be told; `id` is that of its outbox entry.
struct Outgoing {
  std::int64_t id = 0;
  std::string sink;
  incident::SharedAlert alert;
  base::WallTime due{};
};

using incident::Cause;

/// To the store's writer. Called with the ledger locked: it must not block or call back.
using Submit = std::function<void(store::Transition, std::function<void(bool committed)>)>;

/// To the receivers: called on the writer's thread, after the commit (or its failure), without a
/// lock.
using Send = std::function<void(std::vector<Outgoing>)>;

/// What an earlier run left behind.
struct Remembered {
  std::optional<std::string> configuration;  ///< the text that was last journaled
  std::unordered_map<incident::Scope, model::KeyStatus, incident::ScopeHash> keys;
  std::unordered_map<model::OrganizationId, model::OrganizationStatus> organizations;
  std::vector<Outgoing> outbox;
  std::optional<base::SteadyTime> weakened;  ///< when a load last did
};

/// A receiver that keeps notifications waiting.
struct Waiting {
  std::string sink;
  std::size_t pending = 0;
  base::Duration oldest{};  ///< how long the oldest waits
};

/// Keeps account of incidents: from each step of a key to the journal's records, the alerts that
/// begin and end, what a restart needs, and the notifications, all in one transition. Safe from any
/// thread; the steps must come one at a time.
class Ledger {
 public:
  Ledger(Submit submit, Send send, const base::Clock& clock);
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  /// What the store holds; the alerts in it fire from now on. Before anything else.
  Remembered restore(const store::Restored& restored);

  /// What a store holds that opened only after the start: its alerts fire from now on too, until
  /// polls disprove them, and its outbox is still to be delivered.
  Remembered merge(const store::Restored& restored);
  /// After it: ends the alerts of keys and organizations that are not configured any more.
  void drop_unwatched(const model::StatusTable& table);

  /// From the next adopted() on.
  void configure(incident::Terms terms);

  /// The receivers from now on. Answers what those that are new have to be told: all that fires.
  std::vector<Outgoing> tell_newcomers(const std::vector<std::string>& sinks);

  /// The process begins, or ends well. `shard`: "2/4", if it watches only a part.
  void begin(const std::string& version, const std::optional<std::string>& shard = std::nullopt);
  void end();

  /// A configuration is in force from now on.
  void adopted(const Adoption& adoption, const model::Roster& after);
  /// Its text, for comparing it with the next one (nothing: the same as before), its hash, and what
  /// it asks less for.
  void loaded(std::optional<std::string> text, const std::string& sha256,
              const model::Roster& roster, const std::vector<policy::Weakening>& weaker);

  /// The configuration in force turns out to ask for less than one before.
  void weakened(const std::vector<policy::Weakening>& weaker);

  void key(Cause cause, const model::Organization& organization, const model::Key& key,
           const policy::Advance& advance, const model::OrganizationStatus& of);
  void discovery(Cause cause, const model::Organization& organization,
                 const policy::DiscoveryAdvance& advance, const model::OrganizationStatus& of);

  /// Begins the alert of a pretended finding, beside all that is real of the key; null if there is
  /// such a one already. It lasts until end_drills(), a reload or a restart.
  incident::SharedAlert begin_drill(const model::Organization& organization, const model::Key& key,
                                    const model::Finding& finding);
  void end_drills(const model::Organization& organization, const model::Key& key);

  /// Time passes: to be called every second, with everything as it is.
  void tick(const model::StatusTable& table, const std::vector<Waiting>& receivers);

  /// Notifications whose commit does not come, because the disk hangs: they are sent from memory.
  std::vector<Outgoing> take_overdue();

  /// When each key was last seen; tick() does so now and then.
  void flush_seen(const model::StatusTable& table);

  /// A receiver took these; `finished` entries are done.
  void delivered(const std::string& sink, const std::vector<incident::SharedAlert>& accepted,
                 std::vector<std::int64_t> finished);
  /// These will never be delivered: their receiver was taken out of the configuration.
  void dropped(std::vector<std::int64_t> entries);

  void journal_failed(std::string why);
  void journal_works();

  /// All that a restart needs, for a store that begins anew.
  store::Transition everything(const model::StatusTable& table) const;

  /// What fires or resolved within the hour, for the page.
  struct Shown {
    std::vector<incident::SharedAlert> firing;
    std::vector<incident::SharedAlert> resolved;
  };
  Shown shown() const;
  /// What fires and was committed, for receivers that are told again and again.
  std::vector<incident::SharedAlert> committed() const;

 private:
  /// What waits for its commit.
  struct Pending {
    incident::BookStep step;
    std::vector<Outgoing> outgoing;
    base::SteadyTime submitted{};
    bool released = false;
  };
  struct Organization {
    std::int64_t polls = 0;
    std::int64_t conclusive = 0;
    base::WallTime swept{};  // the last complete sweep that is on disk
  };

  incident::BookStep reconcile(const incident::Scope& scope,
                               const model::Organization& organization, const model::Key& key,
                               const model::KeyStatus& status, const model::OrganizationStatus& of,
                               const incident::Now& when);
  incident::BookStep reconcile(const model::Organization& organization,
                               const model::OrganizationStatus& of);
  void take_alerts(std::vector<incident::Alert> alerts);
  std::vector<Outgoing> take_outbox(const store::Restored& restored);
  void settle(const incident::BookStep& step, Cause cause, store::Transition transition);
  void settle(const incident::BookStep& step,
              const std::function<Cause(const incident::Alert&)>& cause_of,
              store::Transition transition);
  std::vector<Outgoing> release(Pending& pending);
  incident::BookStep weaken(const std::vector<policy::Weakening>& weaker,
                            store::Transition& transition);
  bool is_worth_keeping(Cause cause, const policy::Advance& advance) const;
  bool is_worth_keeping(model::OrganizationId id, const model::OrganizationStatus& of);
  void checkpoints(const model::StatusTable& table, base::WallTime now);
  void keep_seen(const model::StatusTable& table, std::chrono::seconds step);
  incident::Now now() const { return {clock_.wall(), clock_.steady()}; }

  const Submit submit_;
  const Send send_;
  const base::Clock& clock_;

  mutable std::mutex mutex_;  // guards all below
  incident::Terms terms_;
  incident::Book book_;
  incident::DaemonFacts facts_;
  std::unordered_map<model::OrganizationId, Organization> organizations_;
  std::vector<std::int64_t> seen_;  // by key: the second of its last success that is on disk
  base::SteadyTime seen_flushed_{};
  base::SteadyTime checkpointed_{};
  std::map<std::string, incident::SharedAlert> committed_;  // by identity
  std::map<std::int64_t, Outgoing> outbox_;
  std::deque<std::shared_ptr<Pending>> pending_;  // in the order submitted
  std::vector<std::string> sinks_;
  std::optional<incident::Terms> next_terms_;
  std::string configuration_;  // its text
  std::int64_t next_id_ = 1;
};

}  // namespace aka::ledger
