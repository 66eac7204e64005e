#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "alert/delivery.h"
#include "app/configuration.h"
#include "app/recent_polls.h"
#include "app/recollection.h"
#include "app/shard.h"
#include "app/store_access.h"
#include "audit/auditor.h"
#include "http/resolver.h"
#include "ledger/ledger.h"
#include "metrics/daemon_metrics.h"
#include "page/health.h"
#include "page/history.h"
#include "policy/compare.h"
#include "store/writer.h"

namespace aka::app {

/// Where the package puts the runbooks; the Prometheus rules name the same place.
inline constexpr const char* kRunbooks = "file:///usr/share/doc/atlas-key-auditor/runbooks/";

/// What the daemon keeps and tells: the journal and its writer, the account of incidents, the
/// receivers of alerts, and the tick of time. Wires them; decides nothing itself. All members but
/// steps' callbacks and shown() are called by one thread at a time.
class Chronicle final : private store::WriterObserver {
 public:
  Chronicle(metrics::DaemonMetrics& metrics, http::Resolver& resolver,
            const std::optional<Shard>& shard, const base::Clock& clock);
  ~Chronicle() override;
  Chronicle(const Chronicle&) = delete;
  Chronicle& operator=(const Chronicle&) = delete;

  /// Takes up what an earlier run left in the store, the alerts first. One that could not be opened
  /// is tried again and alerted on. `replaced` is called, on another thread, when it turns out that
  /// another process has the store: whatever happens here is not kept any more.
  void open(base::Result<OpenedStore> opened, const StoreAccess& access,
            std::function<void()> replaced);

  /// What was known of the keys when the last run ended; nothing if that is unknown. `next` is the
  /// configuration that is about to be adopted. Once, after open().
  std::optional<audit::Memory> recall(Configuration& next);

  /// Terms and receivers from now on; before the auditor adopts the same configuration.
  void configure(const Configuration& next);

  /// The configuration is in force. Answers what it asks less for than the one before.
  std::vector<policy::Weakening> loaded(Configuration& configuration);

  audit::Steps steps();
  /// A key was polled, whatever came of it. From any thread.
  void polled(const incident::Scope& scope);

  /// Begins to deliver and to tick. The auditor has adopted a configuration.
  void start(audit::Auditor& auditor);
  /// The auditor has stopped: commits what is left and ends.
  void stop();
  /// The auditor has stopped, and another process has the store: ends without a word.
  void abandon();

  /// What fires, and what resolved within the hour. From any thread.
  ledger::Ledger::Shown shown() const;
  /// How journal and receivers do, for the page; as the next, from any thread.
  void describe(page::Health& health) const;
  /// What the journal holds of a key, read beside the writer.
  page::History history(model::OrganizationId organization, model::KeyId key) const;
  /// As of the ledger.
  incident::SharedAlert begin_drill(const model::Organization& organization, const model::Key& key,
                                    const model::Finding& finding);
  void end_drills(const model::Organization& organization, const model::Key& key);
  /// That a receiver has taken a step of a drill.
  struct Told {
    std::string sink;
    bool resolved = false;
  };
  /// Since the last call.
  std::vector<Told> drill_news();
  std::vector<std::string> receivers() const { return delivery_.sinks(); }

  /// Tells the metrics how much waits for each receiver. From any thread.
  void count_pending() const;

 private:
  void committed(const store::Committed& commit) override;
  void failed(const base::Error& error) override;
  store::Transition opened(const store::Restored& restored) override;

  std::vector<store::Fact> disown(store::Restored& restored) const;
  std::shared_ptr<const model::Roster> watched_before() const;
  void send(std::vector<ledger::Outgoing> outgoing);
  void drop(const std::vector<alert::Notification>& nobody);
  void take_up(const ledger::Remembered& remembered);
  void accepted(const alert::Acceptance& acceptance);
  void refused(const alert::FailedAttempt& attempt);
  void tick();
  void run_ticks();
  audit::Auditor* auditor() const;
  void cut_old();
  void check_claim();
  bool end_ticks();

  metrics::DaemonMetrics& metrics_;
  http::Resolver& resolver_;
  const std::optional<Shard> shard_;
  const base::Clock& clock_;
  const base::SteadyTime began_;
  ledger::Ledger ledger_;
  ledger::Remembered remembered_;          // until recall() and configure()
  ledger::Adoption adoption_;              // of the configuration that is being adopted
  std::string sha256_;                     // of the configuration journaled last
  std::optional<ConfigurationText> next_;  // of the one to be adopted, if it was asked for
  alert::Delivery delivery_;
  std::unique_ptr<store::Writer> writer_;
  StoreAccess access_;                // from open() on
  std::function<void()> replaced_;    // likewise
  RecentPolls recent_polls_;          // of a shared store
  RecentPolls::Times polled_before_;  // until recall()
  base::WallTime cut_{};              // when the journal was last shortened
  base::SteadyTime claimed_{};        // when a shared store was last asked whose it is

  mutable std::mutex mutex_;  // guards what follows
  audit::Auditor* auditor_ = nullptr;
  policy::Demands demands_;  // of the configuration journaled last
  base::Duration retention_{};
  std::shared_ptr<const incident::Alert> alive_;
  bool restored_ = false;  // a store was opened and read
  bool failing_ = false;   // the last commit failed, and that was logged
  base::SteadyTime failing_since_{};
  std::vector<Told> drill_news_;
  std::string failure_;  // of the last commit; empty: it did not fail
  store::Head head_;     // of the newest record on disk
  bool stopping_ = false;
  std::condition_variable wakes_;
  std::thread ticker_;
};

}  // namespace aka::app
