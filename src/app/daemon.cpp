// Wiring and lifecycle. Members stand in dependency order, so destruction is the reverse; stop()
// does the same by hand, because leaving in order takes a few network calls.
#include "app/daemon.h"

#include <algorithm>
#include <utility>

#include "app/drill.h"
#include "app/events.h"
#include "app/log.h"
#include "app/version.h"
#include "app/web_protection.h"
#include "metrics/alert_lines.h"

namespace aka::app {
namespace {

constexpr std::chrono::milliseconds kRevokePatience{1500};
constexpr base::Duration kMissedBeat = std::chrono::seconds(60);

/// A scheduler all of whose threads wait for an answer is not stuck.
base::Duration missed_beat(base::Duration request_timeout) {
  return std::max<base::Duration>(kMissedBeat, request_timeout + kMissedBeat / 2);
}

}  // namespace

base::Result<std::unique_ptr<Daemon>> Daemon::start(DaemonOptions options,
                                                    Configuration configuration,
                                                    const base::Clock& clock) {
  confine(configuration, options.shard);
  std::unique_ptr<Daemon> daemon(new Daemon(std::move(options), clock));
  configure_log(configuration.settings.log);
  daemon->access_ = store_access(configuration.settings.store, daemon->options_.shard, clock);
  // Store and address first: who cannot have them must not poll, not even once.
  auto opened = daemon->access_.take();
  const bool shared = daemon->access_.shared;
  if (!opened && opened.error().kind == base::ErrorKind::busy && !shared)
    return tl::unexpected(std::move(opened.error()));
  if (auto listening = daemon->listen(configuration); !listening)
    return tl::unexpected(std::move(listening.error()));
  const std::scoped_lock lock(daemon->reloading_);
  // Whether another process watches is not known either while a shared store cannot be reached.
  if (!opened && shared)
    daemon->stand_by(std::move(configuration));
  else
    daemon->begin_duty(std::move(opened), std::move(configuration));
  daemon->ready_ = true;
  if (shared) daemon->asking_ = std::thread([raw = daemon.get()] { raw->keep_asking(); });
  daemon->supervision_.started();
  return daemon;
}

Daemon::Daemon(DaemonOptions options, const base::Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      metrics_(build()),
      secrets_(clock),
      supervision_(platform::Supervisor::from_environment(),
                   {[this] { return alive(); }, [this] { return status(); }}) {
  const Shard shard = options_.shard.value_or(Shard{});
  metrics_.set_shard(shard.index, shard.count);
  facts_.version = build().version;
  facts_.started = clock_.wall();
  facts_.started_steady = clock_.steady();
  facts_.config_path = options_.config.string();
  asked_first_ = clock_.steady();
}

Daemon::~Daemon() { stop(); }

/// Without it the daemon watches as well; only drills cannot be asked for.
void Daemon::open_control(const std::string& store_path) {
  auto control = platform::ControlSocket::open(
      store_path + ".sock",
      [this](const std::string& line, const platform::Say& say, const base::StopSignal& stop) {
        const auto request = parse_drill(line);
        if (!request) {
          static_cast<void>(
              say(R"({"event":"error","message":"the daemon does not understand the request"})"));
          return;
        }
        const auto on_duty = duty();
        if (on_duty == nullptr) return;
        run_drill(*request, *on_duty->auditor.snapshot().roster, on_duty->chronicle, clock_, say,
                  stop);
      });
  if (control) {
    control_ = *std::move(control);
  } else {
    log::warning("control_failed", {{"message", control.error().message}});
  }
}

base::Result<void> Daemon::listen(const Configuration& configuration) {
  web::ListenerOptions options;
  options.address = configuration.settings.web.listen;
  if (options_.listen) {
    auto address = base::parse_listen_address(*options_.listen);
    if (!address) return tl::unexpected(std::move(address.error()).within("--listen"));
    options.address = *address;
  }
  options.on_failure = [](std::string_view what) {
    log::error("page_failed", {{"message", std::string(what)}});
  };
  security_ = keep_protected(configuration.protection, clock_);
  if (security_->encrypts()) options.tls = [this] { return security_->context(); };
  auto listener = web::Listener::start(std::move(options), security_->guard(pages(page_sources())));
  if (!listener) return tl::unexpected(std::move(listener.error()));
  listener_ = *std::move(listener);
  return {};
}

std::string Daemon::url() const {
  return (security_->encrypts() ? "https://" : "http://") + listener_->address();
}

PageSources Daemon::page_sources() {
  PageSources sources;
  sources.facts = [this] {
    const std::scoped_lock lock(facts_mutex_);
    return facts_;
  };
  sources.ready = [this] { return ready_.load(); };
  sources.healthy = [this] { return alive(); };
  sources.standby = [this] { return duty() == nullptr; };
  sources.snapshot = [this] { return snapshot(); };
  sources.daemon_metrics = [this] {
    if (const auto on_duty = duty()) on_duty->chronicle.count_pending();
    return metrics_.render();
  };
  sources.alerts = [this] {
    const auto on_duty = duty();
    auto shown = on_duty ? on_duty->chronicle.shown() : ledger::Ledger::Shown();
    return alert_lines_.of(std::move(shown.firing), std::move(shown.resolved));
  };
  sources.health = [this] { return health(); };
  sources.firing = [this] {
    const auto on_duty = duty();
    return on_duty ? on_duty->chronicle.shown().firing : std::vector<incident::SharedAlert>();
  };
  sources.history = [this](model::OrganizationId organization, model::KeyId key) {
    const auto on_duty = duty();
    return on_duty ? on_duty->chronicle.history(organization, key) : page::History();
  };
  sources.may_reload = [this] { return lifecycle_.load(); };
  sources.reload = [this] { return reload(); };
  return sources;
}

/// Of nothing while another process has the store.
model::Snapshot Daemon::snapshot() const {
  if (const auto on_duty = duty()) return on_duty->auditor.snapshot();
  return model::StatusTable(std::make_shared<const model::Roster>(), 1).snapshot(clock_);
}

bool Daemon::alive() const {
  const auto on_duty = duty();
  return !ready_ || on_duty == nullptr || on_duty->auditor.beats_within(missed_beat_);
}

std::string Daemon::status() {
  const auto on_duty = duty();
  if (on_duty == nullptr) return "standing by: another process has the store";
  Outlook now = outlook(on_duty->auditor.snapshot());
  if (const auto next = on_duty->auditor.next_start())
    now.until_next_poll = std::chrono::ceil<base::Duration>(*next - clock_.steady());
  const std::scoped_lock lock(facts_mutex_);
  now.reload_rejected = !facts_.reload_error.empty();
  return status_line(now);
}

page::Health Daemon::health() const {
  page::Health health;
  {
    const std::scoped_lock lock(facts_mutex_);
    health.facts = facts_;
  }
  health.beats = alive();
  if (const auto on_duty = duty()) on_duty->chronicle.describe(health);
  return health;
}

void Daemon::adopt(Duty& duty, Configuration next) {
  keep_living_credentials(next);
  lifecycle_ = next.settings.web.lifecycle;
  missed_beat_ = missed_beat(next.settings.atlas.timeout);
  metrics_.configure(*next.watched);
  duty.chronicle.configure(next);
  const auto stood_still = duty.auditor.adopt(plan_for(next, resolver_, clock_));
  const auto weaker = duty.chronicle.loaded(next);
  if (!weaker.empty()) metrics_.config_weakened(clock_.wall());
  remember_loaded();
  secrets_.watch(next.credentials);
  const std::optional<Configuration> before = std::exchange(configuration_, std::move(next));
  log_adopted(*configuration_, before ? stood_still : std::chrono::nanoseconds::zero());
  log_weakenings(weaker);
  if (!before) return;
  Credentials gone = before->credentials;
  std::erase_if(gone, [&](const auto& entry) {
    const auto kept = configuration_->credentials.find(entry.first);
    return kept != configuration_->credentials.end() && kept->second == entry.second;
  });
  revoke(gone, *before, resolver_, clock_, kRevokePatience);
}

/// A credential that proves the same identity goes on, with its token and its connections' state:
/// the service allows few live tokens, and a reload need not cost one.
void Daemon::keep_living_credentials(Configuration& next) const {
  if (!configuration_) return;
  // Another server must not see what was given to the one before.
  if (configuration_->settings.atlas.base_url != next.settings.atlas.base_url) return;
  for (auto& [name, credential] : next.credentials) {
    const auto old = configuration_->credentials.find(name);
    if (old == configuration_->credentials.end() || !old->second->same_as(*credential)) continue;
    if (old->second->reload()) credential = old->second;
  }
}

base::Result<void> Daemon::reload() {
  const std::scoped_lock lock(reloading_);
  if (stopped_ || !ready_)
    return base::fail(base::ErrorKind::stopped, "the daemon is starting or stopping");
  supervision_.reloading();
  auto outcome = reload_configuration();
  supervision_.reloaded();
  return outcome;
}

base::Result<void> Daemon::reload_configuration() {
  base::Diagnostics diagnostics;
  std::optional<Configuration> next = load_configuration(options_.config, clock_, diagnostics);
  log_diagnostics(diagnostics);
  if (!next) {
    log::error("config_rejected", {{"config", options_.config.string()},
                                   {"message", "the running configuration stays in force"}});
    std::string all = "the configuration has errors; the running one stays in force";
    for (const base::Diagnostic& one : diagnostics.sorted()) all += "\n" + base::to_string(one);
    remember_rejected(all);
    return base::fail(base::ErrorKind::invalid_input, std::move(all));
  }
  confine(*next, options_.shard);
  configure_log(next->settings.log);
  if (!(next->settings.web.listen == configuration_->settings.web.listen)) {
    log::warning("restart_needed", {{"setting", "web.listen"},
                                    {"message", "the address changes with the next start"}});
  }
  const settings::StoreSettings& store = configuration_->settings.store;
  if (next->settings.store.path != store.path || next->settings.store.url != store.url) {
    log::warning("restart_needed",
                 {{"setting", "store"}, {"message", "the store changes with the next start"}});
  }
  if (!security_->adopt(next->protection)) {
    log::warning("restart_needed", {{"setting", "web.config_file"},
                                    {"message",
                                     "another file, and whether TLS is spoken, comes with the next "
                                     "start"}});
  }
  if (access_.shared) sources_ = next->sources;
  if (const auto on_duty = duty())
    adopt(*on_duty, *std::move(next));
  else
    stand_by(*std::move(next));
  return {};
}

void Daemon::remember_loaded() {
  metrics_.config_loaded(clock_.wall());
  const std::scoped_lock lock(facts_mutex_);
  facts_.config_loaded = clock_.wall();
  facts_.reload_error.clear();
}

void Daemon::remember_rejected(const std::string& why) {
  metrics_.config_rejected();
  const std::scoped_lock lock(facts_mutex_);
  facts_.reload_error = why;
}

void Daemon::stop() {
  {
    const std::scoped_lock lock(reloading_);
    if (std::exchange(stopped_, true)) return;
  }
  supervision_.stopping();
  // No reload begins any more, and none is under way; without the lock, because a page may be
  // waiting for it, and the listener waits for its pages.
  end_asking();
  secrets_.stop();
  const auto on_duty = duty();
  if (on_duty) on_duty->auditor.stop();
  control_.reset();
  if (listener_) listener_->stop();
  if (on_duty) on_duty->chronicle.stop();
  if (configuration_)
    revoke(configuration_->credentials, *configuration_, resolver_, clock_, kRevokePatience);
}

audit::Observers Daemon::observers(Chronicle& chronicle) {
  audit::Observers observers;
  observers.poll = [this, &chronicle](const audit::PollReport& report) {
    chronicle.polled({report.organization.id, report.key.id});
    on_poll(report);
  };
  observers.change = log_changes;
  observers.steps = chronicle.steps();
  observers.page = [this](const audit::PageReport& report) {
    count_requests(report.organization, report.fetched);
    log_page(report);
  };
  observers.discovery = log_discovery;
  observers.credential = [this](const audit::CredentialReport& report) {
    count_requests(report.organization, report.fetched);
    log_credential(report);
  };
  return observers;
}

metrics::OrganizationHandle Daemon::count_requests(const model::Organization& organization,
                                                   const atlas::Traffic& traffic) {
  auto counters = metrics_.organization(organization.id);
  if (counters == nullptr) return counters;
  for (const atlas::Sent& sent : traffic.sent)
    metrics_.count_request(*counters, sent.code, sent.took);
  return counters;
}

void Daemon::on_poll(const audit::PollReport& report) {
  if (const auto counters = count_requests(report.organization, report.fetched)) {
    metrics_.count_poll(*counters, report.advance.after.state);
  }
  metrics_.observe_delay(report.lateness);
  log_poll(report);
}

}  // namespace aka::app
