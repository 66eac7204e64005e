// The wiring of journal, ledger and delivery. A step of the auditor goes to the ledger, its
// transition to the writer, and from the writer's thread, once committed, to the receivers; what
// they accept goes back to the ledger.
#include "app/chronicle.h"

#include <algorithm>
#include <iterator>
#include <unordered_set>
#include <utility>

#include "alert/sink_factory.h"
#include "app/log.h"
#include "app/version.h"
#include "incident/drill.h"
#include "journal/chain.h"
#include "platform/memory.h"

namespace aka::app {
namespace {

constexpr std::chrono::milliseconds kCommitPatience{1500};
/// So that thousands of keys which drift together become tens of commits. A lone alert, and that
/// it was taken, waits for nothing.
constexpr std::chrono::milliseconds kCommitPace{250};
constexpr int kCommitBurst = 4;
/// A commit that waited in some hundred kB at least, of which none is needed any more.
constexpr std::size_t kManyRecords = 500;
constexpr base::Duration kTick = std::chrono::seconds(1);
constexpr base::Duration kBlip = std::chrono::seconds(5);
constexpr base::Duration kClaimEvery = std::chrono::seconds(2);
constexpr base::Duration kCutEvery = std::chrono::hours(24);

ledger::Cause cause_of(audit::Mover mover) {
  switch (mover) {
    case audit::Mover::poll:
      return ledger::Cause::evidence;
    case audit::Mover::reload:
      return ledger::Cause::configuration;
    case audit::Mover::time:
      return ledger::Cause::time;
  }
  return ledger::Cause::evidence;
}

/// How long its oldest notification waits.
base::Duration waited(const alert::SinkHealth& receiver, base::SteadyTime now) {
  if (!receiver.waiting_since) return {};
  return std::chrono::duration_cast<base::Duration>(now - *receiver.waiting_since);
}

std::vector<std::int64_t> ids_of(const std::vector<alert::Notification>& notifications) {
  std::vector<std::int64_t> ids;
  for (const alert::Notification& one : notifications) {
    if (one.id > 0) ids.push_back(one.id);
  }
  return ids;
}

}  // namespace

Chronicle::Chronicle(metrics::DaemonMetrics& metrics, http::Resolver& resolver,
                     const std::optional<Shard>& shard, const base::Clock& clock)
    : metrics_(metrics),
      resolver_(resolver),
      shard_(shard),
      clock_(clock),
      began_(clock.steady()),
      ledger_(
          [this](store::Transition transition, std::function<void(bool)> then) {
            writer_->submit(std::move(transition), std::move(then));
          },
          [this](std::vector<ledger::Outgoing> outgoing) { send(std::move(outgoing)); }, clock),
      delivery_(clock,
                {[this](const alert::Acceptance& acceptance) { accepted(acceptance); },
                 [this](const alert::FailedAttempt& attempt) { refused(attempt); }},
                [this] { return ledger_.committed(); }) {}

Chronicle::~Chronicle() { stop(); }

void Chronicle::open(base::Result<OpenedStore> opened, const StoreAccess& access,
                     std::function<void()> replaced) {
  access_ = access;
  replaced_ = std::move(replaced);
  std::unique_ptr<store::Store> store;
  std::vector<store::Fact> disowned;
  if (opened) {
    metrics_.journal_committed(opened->restored.head.seq, opened->restored.head.hash, 0);
    head_ = opened->restored.head;
    disowned = disown(opened->restored);
    polled_before_ = RecentPolls::read(opened->restored.facts);
    remembered_ = ledger_.restore(opened->restored);
    if (remembered_.weakened)
      metrics_.config_weakened(clock_.wall() - std::chrono::duration_cast<base::Duration>(
                                                   clock_.steady() - *remembered_.weakened));
    restored_ = true;
    store = std::move(opened->store);
  } else {
    failed(opened.error());
  }
  store::WriterObserver& observer = *this;
  writer_ = std::make_unique<store::Writer>(
      std::move(store), access_.again, observer, clock_,
      store::WriterLimits{.pace = kCommitPace, .burst = kCommitBurst});
  ledger_.begin(build().version, shard_ ? std::optional(to_string(*shard_)) : std::nullopt);
  if (!disowned.empty()) writer_->submit({{}, std::move(disowned), {}, {}}, [](bool) {});
}

/// Takes out what the store holds of organizations that another shard watches now, and answers how
/// to forget it. Nobody here knows what became of it: nothing is alerted, resolved or journaled. In
/// a shared store it is still the other shard's.
std::vector<store::Fact> Chronicle::disown(store::Restored& restored) const {
  std::vector<store::Fact> foreign = take_foreign(shard_, restored.facts);
  if (access_.shared) return {};
  for (store::Fact& fact : foreign) fact.value.reset();
  return foreign;
}

std::optional<audit::Memory> Chronicle::recall(Configuration& next) {
  if (!remembered_.configuration && remembered_.keys.empty()) return std::nullopt;
  const std::string text = std::exchange(remembered_.configuration, std::nullopt).value_or("");
  sha256_ = journal::sha256_hex(text);
  next_ = take_text(next);
  const bool same = sha256_ == next_->sha256;
  auto before = same || text.empty() ? std::nullopt : demands_in(text, clock_.wall());
  const bool readable = same || before;
  demands_ = before ? *std::move(before) : demands_of(next);
  if (!readable && !text.empty()) {
    log::warning("configuration_unknown",
                 {{"message",
                   "the configuration that was journaled last cannot be read by this version; "
                   "what the new one asks less for is not known"}});
  }
  audit::Memory memory =
      memory_of(watched_before(), remembered_, polled_before_, {clock_.wall(), clock_.steady()});
  if (!readable) {
    for (model::KeyStatus& status : memory.keys) status.judged_by_current_policy = false;
  }
  polled_before_.clear();
  remembered_.keys.clear();
  remembered_.organizations.clear();
  return memory;
}

/// What of the configuration journaled last was watched by this shard: an organization that has
/// come from another shard since is new here.
std::shared_ptr<const model::Roster> Chronicle::watched_before() const {
  std::unordered_set<model::OrganizationId> known;
  for (const auto& [scope, status] : remembered_.keys) known.insert(scope.organization);
  return part_of(demands_.roster, [&](const model::Organization& one) {
    return is_own(shard_, one.id) && (one.keys.empty() || known.contains(one.id));
  });
}

void Chronicle::configure(const Configuration& next) {
  const alert::AlertingSettings& alerting = next.alerting;
  incident::Labels labels(alerting.labels.begin(), alerting.labels.end());
  ledger_.configure(
      {next.settings.schedule.confirm, next.settings.schedule.stale_after, labels, began_});
  std::shared_ptr<const incident::Alert> alive;
  {
    const std::scoped_lock lock(mutex_);
    retention_ = next.settings.store.retention;
    const base::WallTime since = alive_ ? alive_->starts_at : clock_.wall();
    alive_ = alerting.heartbeat > base::Duration::zero()
                 ? std::make_shared<const incident::Alert>(alert::alive_alert(labels, since))
                 : nullptr;
    alive = alive_;
  }
  drop(delivery_.adopt(
      alert::make_sinks(alerting, {clock_, resolver_, user_agent(), {{}, kRunbooks}, {}}), alive));
  metrics_.set_sinks(delivery_.sinks());
  // Before anything new, so that of one alert the older notification is the first.
  send(std::exchange(remembered_.outbox, {}));
  send(ledger_.tell_newcomers(delivery_.sinks()));
}

std::vector<policy::Weakening> Chronicle::loaded(Configuration& configuration) {
  if (!next_) next_ = take_text(configuration);
  auto [text, sha256] = *std::exchange(next_, std::nullopt);
  std::vector<policy::Weakening> weaker;
  policy::Demands demands = demands_of(configuration);
  if (demands_.roster != nullptr && demands_.roster != demands.roster)
    weaker = policy::weakenings(demands_, demands, clock_.wall());
  {
    const std::scoped_lock lock(mutex_);
    demands_ = std::move(demands);
  }
  if (sha256 != std::exchange(sha256_, sha256) || !weaker.empty()) {
    ledger_.loaded(std::move(text), sha256, *configuration.roster, weaker);
  } else {
    ledger_.loaded(std::nullopt, sha256, *configuration.roster, {});
  }
  return weaker;
}

audit::Steps Chronicle::steps() {
  audit::Steps steps;
  steps.compare = [this](const model::Roster* before, const model::Roster& after) {
    adoption_ = ledger::compare(before, after);
  };
  steps.adopted = [this](const model::Roster*, const model::Roster& after) {
    ledger_.adopted(std::exchange(adoption_, {}), after);
  };
  steps.key = [this](const audit::KeyStep& step) {
    ledger_.key(cause_of(step.mover), step.organization, step.key, step.advance,
                step.organization_status);
  };
  steps.discovery = [this](const audit::DiscoveryStep& step) {
    ledger_.discovery(cause_of(step.mover), step.organization, step.advance,
                      step.organization_status);
  };
  return steps;
}

void Chronicle::polled(const incident::Scope& scope) {
  if (access_.shared) recent_polls_.add(scope);
}

void Chronicle::start(audit::Auditor& auditor) {
  delivery_.start();
  const std::scoped_lock lock(mutex_);
  auditor_ = &auditor;
  ticker_ = std::thread([this] { run_ticks(); });
}

/// False if that was done before.
bool Chronicle::end_ticks() {
  {
    const std::scoped_lock lock(mutex_);
    if (stopping_) return false;
    stopping_ = true;
    wakes_.notify_all();
  }
  if (ticker_.joinable()) ticker_.join();
  return true;
}

void Chronicle::stop() {
  if (!end_ticks()) return;
  if (audit::Auditor* const watched = auditor(); watched != nullptr) {
    watched->tick([this](const model::StatusTable& table) { ledger_.flush_seen(table); });
  }
  delivery_.stop();
  if (writer_ == nullptr) return;
  ledger_.end();
  if (const std::size_t lost = writer_->stop(kCommitPatience); lost > 0) {
    log::error("journal_incomplete", {{"transitions", std::to_string(lost)},
                                      {"message", "not everything could be written at the end"}});
  }
}

void Chronicle::abandon() {
  if (!end_ticks()) return;
  delivery_.stop();
  static_cast<void>(writer_->stop(std::chrono::milliseconds(0)));
}

void Chronicle::run_ticks() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    lock.unlock();
    tick();
    lock.lock();
    if (!stopping_) clock_.wait_until(wakes_, lock, clock_.steady() + kTick);
  }
}

void Chronicle::tick() {
  std::vector<ledger::Waiting> receivers;
  for (const alert::SinkHealth& one : delivery_.health()) {
    receivers.push_back({one.sink, one.pending, waited(one, clock_.steady())});
  }
  auditor()->tick([&](const model::StatusTable& table) { ledger_.tick(table, receivers); });
  send(ledger_.take_overdue());
  cut_old();
  check_claim();
}

/// Asks with a step, be it empty, whether a shared store is still this process's, and whether the
/// way to it is open. A writer that fails asks by itself.
void Chronicle::check_claim() {
  if (!access_.shared || clock_.steady() - claimed_ < kClaimEvery) return;
  claimed_ = clock_.steady();
  store::Transition step;
  if (auto polled = recent_polls_.take(clock_.wall())) step.facts.push_back(*std::move(polled));
  {
    const std::scoped_lock lock(mutex_);
    if (failing_) return;
  }
  writer_->submit(std::move(step), [](bool) {});
}

void Chronicle::cut_old() {
  const base::WallTime now = clock_.wall();
  if (now - cut_ < kCutEvery) return;
  cut_ = now;
  base::Duration retention{};
  {
    const std::scoped_lock lock(mutex_);
    retention = retention_;
  }
  writer_->cut(now - retention);
}

void Chronicle::send(std::vector<ledger::Outgoing> outgoing) {
  std::vector<alert::Notification> notifications;
  notifications.reserve(outgoing.size());
  for (ledger::Outgoing& one : outgoing) {
    notifications.push_back({one.id, std::move(one.sink), std::move(one.alert), one.due});
  }
  drop(delivery_.enqueue(std::move(notifications)));
}

void Chronicle::drop(const std::vector<alert::Notification>& nobody) {
  if (!nobody.empty()) ledger_.dropped(ids_of(nobody));
}

void Chronicle::accepted(const alert::Acceptance& acceptance) {
  std::vector<incident::SharedAlert> alerts;
  for (const alert::Notification& one : acceptance.accepted) {
    if (one.id > 0) alerts.push_back(one.alert);
    if (!one.alert->labels.contains(incident::kDrillLabel)) continue;
    const std::scoped_lock lock(mutex_);
    drill_news_.push_back({acceptance.sink, one.is_resolved()});
  }
  if (!acceptance.accepted.empty()) {
    metrics_.count_notifications(acceptance.sink, true, acceptance.accepted.size());
  }
  ledger_.delivered(acceptance.sink, alerts, acceptance.finished);
}

void Chronicle::refused(const alert::FailedAttempt& attempt) {
  metrics_.count_notifications(attempt.sink, false, 1);
  log::warning("delivery_failed", {{"sink", attempt.sink},
                                   {"attempt", std::to_string(attempt.in_a_row)},
                                   {"retry_in", base::format_duration(attempt.retry_in)},
                                   {"message", attempt.message}});
}

void Chronicle::committed(const store::Committed& commit) {
  metrics_.journal_committed(commit.head.seq, commit.head.hash, commit.records);
  {
    const std::scoped_lock lock(mutex_);
    head_ = commit.head;
  }
  if (commit.records >= kManyRecords) platform::release_free_memory();
  // A cut that found nothing to cut wrote nothing, and proves nothing about the disk.
  if (commit.records == 0 && commit.transitions == 0) return;
  ledger_.journal_works();
  const std::scoped_lock lock(mutex_);
  failure_.clear();
  if (std::exchange(failing_, false)) log::info("journal_works", {});
}

void Chronicle::failed(const base::Error& error) {
  if (access_.shared && error.kind == base::ErrorKind::busy) {
    log::warning("store_taken_over", {{"message", error.message}});
    replaced_();
    return;
  }
  metrics_.journal_failed();
  {
    const std::scoped_lock lock(mutex_);
    if (!failing_) failing_since_ = clock_.steady();
  }
  // A database that restarts is no alert, and nor is a lock that is about to be another's.
  if (!access_.shared || clock_.steady() - failing_since_ >= kBlip)
    ledger_.journal_failed(error.message);
  const std::scoped_lock lock(mutex_);
  failure_ = error.message;
  if (std::exchange(failing_, true)) return;
  log::error("journal_failed", {{"message", error.message}});
}

store::Transition Chronicle::opened(const store::Restored& restored) {
  bool first = false;
  {
    const std::scoped_lock lock(mutex_);
    first = !std::exchange(restored_, true);
  }
  // What an earlier run left comes late, but it comes: its alerts and its outbox.
  std::vector<store::Fact> disowned;
  if (first) {
    store::Restored own = restored;
    disowned = disown(own);
    take_up(ledger_.merge(own));
  }
  store::Transition transition;
  if (audit::Auditor* const watched = auditor(); watched != nullptr) {
    watched->tick([&](const model::StatusTable& table) {
      if (first) ledger_.drop_unwatched(table);
      transition = ledger_.everything(table);
    });
  }
  std::ranges::move(disowned, std::back_inserter(transition.facts));
  return transition;
}

void Chronicle::take_up(const ledger::Remembered& remembered) {
  send(remembered.outbox);
  if (!remembered.configuration) return;
  const auto before = demands_in(*remembered.configuration, clock_.wall());
  policy::Demands demands;
  {
    const std::scoped_lock lock(mutex_);
    demands = demands_;
  }
  if (!before || demands.roster == nullptr) return;
  const auto weaker = policy::weakenings(*before, demands, clock_.wall());
  if (weaker.empty()) return;
  metrics_.config_weakened(clock_.wall());
  ledger_.weakened(weaker);
}

audit::Auditor* Chronicle::auditor() const {
  const std::scoped_lock lock(mutex_);
  return auditor_;
}

incident::SharedAlert Chronicle::begin_drill(const model::Organization& organization,
                                             const model::Key& key, const model::Finding& finding) {
  return ledger_.begin_drill(organization, key, finding);
}

void Chronicle::end_drills(const model::Organization& organization, const model::Key& key) {
  ledger_.end_drills(organization, key);
}

std::vector<Chronicle::Told> Chronicle::drill_news() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(drill_news_, {});
}

void Chronicle::describe(page::Health& health) const {
  for (const alert::SinkHealth& one : delivery_.health()) {
    health.receivers.push_back(
        {one.sink, one.pending, waited(one, clock_.steady()), one.delivered, one.failed});
  }
  const std::scoped_lock lock(mutex_);
  health.head_seq = head_.seq;
  health.head_hash = head_.hash;
  health.journal_failure = failure_;
}

page::History Chronicle::history(model::OrganizationId organization, model::KeyId key) const {
  auto reader = access_.journal();
  if (!reader) return {{}, std::move(reader.error().message)};
  auto records = (*reader)->newest_of(organization.to_string(), key.to_string(),
                                      static_cast<std::int64_t>(page::History::kMost));
  if (!records) return {{}, std::move(records.error().message)};
  return {*std::move(records), {}};
}

void Chronicle::count_pending() const {
  for (const alert::SinkHealth& one : delivery_.health()) {
    metrics_.set_pending(one.sink, one.pending);
  }
}

ledger::Ledger::Shown Chronicle::shown() const {
  ledger::Ledger::Shown shown = ledger_.shown();
  const std::scoped_lock lock(mutex_);
  if (alive_) shown.firing.push_back(alive_);
  return shown;
}

}  // namespace aka::app
