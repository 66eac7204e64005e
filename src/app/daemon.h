#pragma once

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "app/chronicle.h"
#include "app/configuration.h"
#include "app/pages.h"
#include "app/secret_watch.h"
#include "app/shard.h"
#include "app/store_access.h"
#include "app/supervision.h"
#include "audit/auditor.h"
#include "base/clock.h"
#include "base/result.h"
#include "http/resolver.h"
#include "metrics/alert_lines.h"
#include "metrics/daemon_metrics.h"
#include "platform/control_socket.h"
#include "web/listener.h"

namespace aka::app {

struct DaemonOptions {
  std::filesystem::path config;
  std::optional<std::string> listen;  ///< beats web.listen
  std::optional<Shard> shard;         ///< nothing: all organizations, and the store as configured
};

/// The whole service of one process. Start, reload and stop are called from the thread that waits
/// for signals; a reload also from pages.
class Daemon {
 public:
  /// Polling and serving when it returns, or serving and standing by; and the supervisor knows.
  /// `configuration` was loaded from `options.config`.
  static base::Result<std::unique_ptr<Daemon>> start(DaemonOptions options,
                                                     Configuration configuration,
                                                     const base::Clock& clock);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  /// Reads the configuration anew. Whatever is wrong with it leaves the running one in force; the
  /// error lists all of it.
  base::Result<void> reload();

  /// Stops polling and serving, gives tokens back; takes at most a few seconds.
  void stop();

  /// "https://127.0.0.1:9974".
  std::string url() const;

 private:
  Daemon(DaemonOptions options, const base::Clock& clock);

  /// What only the process does that has the store.
  struct Duty {
    explicit Duty(Daemon& daemon);

    Chronicle chronicle;
    audit::Auditor auditor;
  };

  base::Result<void> listen(const Configuration& configuration);
  std::shared_ptr<Duty> duty() const;
  void begin_duty(base::Result<OpenedStore> opened, Configuration configuration);
  void stand_by(Configuration configuration);
  void step_down();
  void keep_asking();
  void ask_for_duty();
  void end_asking();
  void adopt(Duty& duty, Configuration configuration);
  void keep_living_credentials(Configuration& next) const;
  void remember_loaded();
  void remember_rejected(const std::string& why);
  base::Result<void> reload_configuration();
  void open_control(const std::string& store_path);
  model::Snapshot snapshot() const;
  bool alive() const;
  std::string status();
  PageSources page_sources();
  page::Health health() const;
  audit::Observers observers(Chronicle& chronicle);
  /// Answers the organization's counters; null if it left the configuration.
  metrics::OrganizationHandle count_requests(const model::Organization& organization,
                                             const atlas::Traffic& traffic);
  void on_poll(const audit::PollReport& report);

  const DaemonOptions options_;
  const base::Clock& clock_;
  metrics::DaemonMetrics metrics_;
  metrics::LastAlertLines alert_lines_;
  http::Resolver resolver_;
  SecretWatch secrets_;
  StoreAccess access_;                          // from start() on
  std::mutex reloading_;                        // one reload, stop or change of duty at a time
  std::optional<Configuration> configuration_;  // the one in force; guarded by reloading_
  settings::Sources sources_;  // its files, if duty may begin anew; guarded by reloading_
  mutable std::mutex duty_mutex_;
  std::shared_ptr<Duty> duty_;  // null: another process has the store; guarded by duty_mutex_
  mutable std::mutex facts_mutex_;
  report::DaemonFacts facts_;  // guarded by facts_mutex_
  bool stopped_ = false;       // guarded by reloading_
  std::atomic<bool> ready_{false};
  std::atomic<bool> lifecycle_{false};
  std::atomic<base::Duration> missed_beat_{};  ///< the longest that the scheduler may not come by
  std::unique_ptr<web::Security> security_;    // of the listener
  std::unique_ptr<web::Listener> listener_;
  std::unique_ptr<platform::ControlSocket> control_;
  Supervision supervision_;

  // Of a store that others may have.
  base::SteadyTime asked_first_{};  // of the thread below
  bool reached_ = false;            // likewise: the store was reached once
  std::string refusal_;             // likewise: why it could not be had, as it was logged
  std::mutex asking_mutex_;         // guards the flags
  std::condition_variable asks_;
  bool replaced_ = false;
  bool end_asking_ = false;
  std::thread asking_;
};

}  // namespace aka::app
