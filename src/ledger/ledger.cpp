// One transition for each step: what the journal says, what a restart needs, and who has to be told
// stand together or not at all. settle() is where all paths meet.
#include "ledger/ledger.h"

#include <algorithm>
#include <utility>

#include "incident/remembered.h"
#include "ledger/facts.h"
#include "ledger/records.h"
#include "policy/confirmation.h"
#include "policy/waivers.h"

namespace aka::ledger {
namespace {

using incident::Alert;
using incident::BookStep;
using incident::Scope;
using incident::SharedAlert;
using store::Fact;
using store::FactKind;
using store::Transition;

constexpr base::Duration kSeenEvery = std::chrono::seconds(30);
constexpr base::Duration kSweptEvery = std::chrono::hours(1);
constexpr base::Duration kCheckpointEvery = std::chrono::hours(1);
constexpr base::Duration kUndeliveredFor = std::chrono::minutes(5);
/// A disk that takes longer than this hangs.
constexpr base::Duration kCommitWithin = std::chrono::seconds(10);

/// Whether it is the finding's alert, of those of the finding's key.
bool is_about(const Alert& alert, const model::Finding& finding) {
  if (finding.kind == model::FindingKind::key_missing) {
    return alert.name == incident::AlertName::key_not_found;
  }
  const auto has = [&](const char* name, std::string_view value) {
    const auto found = alert.labels.find(name);
    return found == alert.labels.end() ? value.empty() : found->second == value;
  };
  return alert.name == incident::AlertName::key_drift &&
         has("kind", model::to_string(finding.kind)) && has("role", finding.role) &&
         has("project_id", finding.project_id);
}

/// Why an alert of the daemon itself ends.
Cause daemon_cause(const Alert& alert) {
  return alert.name == incident::AlertName::policy_weakened ? Cause::time : Cause::evidence;
}

}  // namespace

Ledger::Ledger(Submit submit, Send send, const base::Clock& clock)
    : submit_(std::move(submit)), send_(std::move(send)), clock_(clock) {
  // Ascending also over a restart that could not open its store.
  next_id_ = clock_.wall().time_since_epoch().count() * 1000;
  checkpointed_ = clock_.steady();
}

void Ledger::configure(incident::Terms terms) {
  const std::scoped_lock lock(mutex_);
  next_terms_ = std::move(terms);
}

void Ledger::begin(const std::string& version, const std::optional<std::string>& shard) {
  const std::scoped_lock lock(mutex_);
  submit_({{started(clock_.wall(), version, shard)}, {}, {}, {}}, [](bool) {});
}

void Ledger::end() {
  const std::scoped_lock lock(mutex_);
  submit_({{stopped(clock_.wall())}, {}, {}, {}}, [](bool) {});
}

void Ledger::loaded(std::optional<std::string> text, const std::string& sha256,
                    const model::Roster& roster, const std::vector<policy::Weakening>& weaker) {
  const std::scoped_lock lock(mutex_);
  const base::WallTime time = clock_.wall();
  Transition transition;
  transition.records.push_back(config_loaded(time, sha256, roster));
  if (text) {
    configuration_ = *text;
    transition.facts.push_back(configuration_fact(*std::move(text)));
  }
  const BookStep step = weaken(weaker, transition);
  settle(step, Cause::configuration, std::move(transition));
}

void Ledger::weakened(const std::vector<policy::Weakening>& weaker) {
  const std::scoped_lock lock(mutex_);
  Transition transition;
  const BookStep step = weaken(weaker, transition);
  settle(step, Cause::configuration, std::move(transition));
}

/// A second weakening ends the alert of the first and begins another, so that it is told too.
BookStep Ledger::weaken(const std::vector<policy::Weakening>& weaker, Transition& transition) {
  const incident::Now when = now();
  if (weaker.empty()) return book_.reconcile({}, conditions_of(facts_, terms_, when), when.wall);
  for (const policy::Weakening& one : weaker) {
    transition.records.push_back(policy_weakened(when.wall, one));
  }
  facts_.weakened.reset();
  BookStep step = book_.reconcile({}, conditions_of(facts_, terms_, when), when.wall);
  facts_.weakened = incident::Weakened{when.steady, text_of(weaker)};
  transition.facts.push_back(weakened_fact(*facts_.weakened, when));
  BookStep begun = book_.reconcile({}, conditions_of(facts_, terms_, when), when.wall);
  std::ranges::move(begun.opened, std::back_inserter(step.opened));
  return step;
}

/// A poll that came to the same as the one before is worth nothing, unless it counts towards
/// something.
bool Ledger::is_worth_keeping(Cause cause, const policy::Advance& advance) const {
  if (advance.state_changed || !advance.changes.empty()) return true;
  if (cause == Cause::configuration) return !advance.after.judged_by_current_policy;
  const model::KeyStatus& status = advance.after;
  const model::Streaks& streaks = status.streaks;
  const auto counts = [this](std::uint32_t polls) {
    return polls > 0 && polls <= static_cast<std::uint32_t>(terms_.confirm);
  };
  switch (status.state) {
    case model::State::not_found:
      if (counts(streaks.not_found)) return true;
      break;
    case model::State::forbidden:
      if (counts(streaks.forbidden)) return true;
      break;
    case model::State::unauthorized:
      if (counts(streaks.unauthorized)) return true;
      break;
    case model::State::pending:
    case model::State::compliant:
    case model::State::drift:
    case model::State::rate_limited:
    case model::State::error:
      break;
  }
  if (streaks.failed > 0) return counts(streaks.failed);
  if (counts(streaks.found) || counts(streaks.gone)) return true;
  return advance.after.findings != nullptr &&
         std::ranges::any_of(*advance.after.findings, [&](const model::Finding& finding) {
           return counts(policy::times_seen(advance.after, finding));
         });
}

BookStep Ledger::reconcile(const Scope& scope, const model::Organization& organization,
                           const model::Key& key, const model::KeyStatus& status,
                           const model::OrganizationStatus& of, const incident::Now& when) {
  const auto held = book_.fires_nothing(scope) ? incident::Held::left_out : incident::Held::listed;
  const bool unknown = status.evidence == model::Evidence::none;
  return book_.reconcile(
      scope, conditions_of(organization, key, status, of, terms_, when, held), when.wall,
      unknown ? incident::Silence::proves_nothing : incident::Silence::disproves);
}

/// What came from a store that opened late is known to nobody else until it is asked for anew.
BookStep Ledger::reconcile(const model::Organization& organization,
                           const model::OrganizationStatus& of) {
  const Scope scope{organization.id, {}};
  std::vector<incident::Condition> conditions = conditions_of(organization, of, terms_);
  const bool never_answered = of.last_conclusive == base::SteadyTime{};
  const bool never_swept =
      organization.discover &&
      (of.discovery == nullptr || of.discovery->last_complete == base::WallTime{});
  for (const SharedAlert& alert : book_.firing_of(scope)) {
    const bool of_keys = alert->name == incident::AlertName::key_unmanaged;
    if (of_keys ? never_swept : never_answered) {
      conditions.push_back({*alert, incident::Phase::held});
    }
  }
  return book_.reconcile(scope, std::move(conditions), clock_.wall());
}

void Ledger::key(Cause cause, const model::Organization& organization, const model::Key& key,
                 const policy::Advance& advance, const model::OrganizationStatus& of) {
  const std::scoped_lock lock(mutex_);
  const Scope scope{organization.id, key.id};
  const incident::Now when = now();
  if (cause == Cause::evidence) {
    Organization& counts = organizations_[organization.id];
    ++counts.polls;
    if (advance.after.streaks.failed == 0) ++counts.conclusive;
  }
  const BookStep step = reconcile(scope, organization, key, advance.after, of, when);
  const bool keep = is_worth_keeping(cause, advance);
  if (!keep && step.empty()) return;
  Transition transition;
  if (advance.state_changed) {
    transition.records.push_back(
        state_changed(when.wall, organization, key, advance.from, advance.after));
  }
  for (const policy::Change& change : advance.changes) {
    const bool waived = change.kind == policy::ChangeKind::waived;
    transition.records.push_back(
        finding_changed(when.wall, organization, key.id.to_string(), change,
                        waived ? policy::forgiving(change.finding, key, when.wall) : nullptr));
  }
  transition.facts.push_back(key_fact(scope, advance.after, when));
  // A poll may disprove one finding and show another that is waived.
  const auto cause_of = [&](const Alert& alert) {
    const bool waived = std::ranges::any_of(advance.changes, [&](const policy::Change& change) {
      return change.kind == policy::ChangeKind::waived && is_about(alert, change.finding);
    });
    return waived ? Cause::configuration : cause;
  };
  settle(step, cause_of, std::move(transition));
}

void Ledger::discovery(Cause cause, const model::Organization& organization,
                       const policy::DiscoveryAdvance& advance,
                       const model::OrganizationStatus& of) {
  const std::scoped_lock lock(mutex_);
  const incident::Now when = now();
  const BookStep step = reconcile(organization, of);
  Transition transition;
  for (std::size_t i = 0; i < advance.changes.size(); ++i) {
    transition.records.push_back(
        finding_changed(when.wall, organization, advance.keys[i].to_string(), advance.changes[i]));
  }
  if (step.empty() && advance.changes.empty() && !is_worth_keeping(organization.id, of)) return;
  transition.facts.push_back(organization_fact(organization.id, of, when));
  settle(step, cause, std::move(transition));
}

/// Of a sweep that found nothing new: what counts towards something, and now and then its time.
bool Ledger::is_worth_keeping(model::OrganizationId id, const model::OrganizationStatus& of) {
  if (of.discovery == nullptr) return true;
  if (policy::awaits_confirmation(*of.discovery, terms_.confirm)) return true;
  base::WallTime& kept = organizations_[id].swept;
  if (of.discovery->last_complete - kept < kSweptEvery) return false;
  kept = of.discovery->last_complete;
  return true;
}

void Ledger::tick(const model::StatusTable& table, const std::vector<Waiting>& receivers) {
  const std::scoped_lock lock(mutex_);
  const incident::Now when = now();
  const auto& organizations = table.roster()->organizations;
  std::vector<model::OrganizationStatus> statuses;
  statuses.reserve(organizations.size());
  for (std::size_t i = 0; i < organizations.size(); ++i) {
    statuses.push_back(table.organization(i));
    // Unlisted keys move by sweeps; time alone decides whether the organization is out of reach.
    const bool fires = book_.fires({organizations[i].id, {}}, incident::AlertName::org_unreachable);
    if (statuses[i].unreachable == fires) continue;
    const BookStep step = reconcile(organizations[i], statuses[i]);
    if (step.empty()) continue;
    Transition transition;
    transition.facts.push_back(organization_fact(organizations[i].id, statuses[i], when));
    settle(step, Cause::evidence, std::move(transition));
  }
  table.visit([&](const model::StatusTable::Place& place, const model::KeyStatus& status) {
    const model::Organization& organization = organizations[place.organization];
    const model::OrganizationStatus& of = statuses[place.organization];
    const base::SteadyTime stale_before = when.steady - incident::stale_limit(of, terms_);
    if (!incident::depends_on_time(place.key, status, stale_before)) return;
    const BookStep step =
        book_.reconcile({organization.id, place.key.id},
                        conditions_by_time(organization, place.key, status, of, terms_, when),
                        when.wall, incident::Silence::proves_nothing);
    if (!step.empty()) settle(step, Cause::time, {});
  });

  const std::vector<std::string> failing = std::exchange(facts_.failing_sinks, {});
  for (const Waiting& one : receivers) {
    const bool was = std::ranges::find(failing, one.sink) != failing.end();
    if (one.oldest >= kUndeliveredFor || (was && one.pending > 0)) {
      facts_.failing_sinks.push_back(one.sink);
    }
  }
  settle(book_.reconcile({}, conditions_of(facts_, terms_, when), when.wall), daemon_cause, {});
  Transition forgotten;
  for (const SharedAlert& old : book_.forget_old(when.wall)) {
    forgotten.facts.push_back({FactKind::alert, incident::identity_of(old->labels), {}});
  }
  settle({}, Cause::time, std::move(forgotten));
  if (when.steady - seen_flushed_ >= kSeenEvery) keep_seen(table, std::chrono::minutes(1));
  if (when.steady - checkpointed_ >= kCheckpointEvery) checkpoints(table, when.wall);
}

void Ledger::checkpoints(const model::StatusTable& table, base::WallTime now) {
  checkpointed_ = clock_.steady();
  const auto& organizations = table.roster()->organizations;
  std::vector<Watch> watches(organizations.size());
  table.visit([&](const model::StatusTable::Place& place, const model::KeyStatus& status) {
    Watch& watch = watches[place.organization];
    watch.oldest_success =
        watch.keys == 0 ? status.last_success : std::min(watch.oldest_success, status.last_success);
    ++watch.keys;
  });
  Transition transition;
  for (std::size_t i = 0; i < organizations.size(); ++i) {
    Organization& counts = organizations_[organizations[i].id];
    watches[i].polls = std::exchange(counts.polls, 0);
    watches[i].conclusive = std::exchange(counts.conclusive, 0);
    transition.records.push_back(checkpoint(now, organizations[i], watches[i]));
  }
  settle({}, Cause::time, std::move(transition));
}

void Ledger::settle(const BookStep& step, Cause cause, Transition transition) {
  settle(
      step, [cause](const Alert&) { return cause; }, std::move(transition));
}

/// Adds to the transition what the alerts of `step` need, and hands it on.
void Ledger::settle(const BookStep& step, const std::function<Cause(const Alert&)>& cause_of,
                    Transition transition) {
  const base::WallTime time = clock_.wall();
  std::vector<Outgoing> outgoing;
  // The end of one before the beginning of another: a changed owner closes the old and opens the
  // new.
  for (const auto* alerts : {&step.resolved, &step.opened}) {
    for (const SharedAlert& alert : *alerts) {
      transition.facts.push_back(alert_fact(*alert));
      if (alert->ends_at) {
        transition.records.push_back(alert_resolved(time, *alert, cause_of(*alert)));
      }
      for (const std::string& sink : sinks_) {
        outgoing.push_back({next_id_++, sink, alert, time});
        transition.outbox.push_back({outgoing.back().id, sink, incident::to_text(*alert), time});
        outbox_.emplace(outgoing.back().id, outgoing.back());
      }
    }
  }
  if (transition.records.empty() && transition.facts.empty()) return;
  if (step.empty()) {
    submit_(std::move(transition), [](bool) {});
    return;
  }
  const auto pending =
      std::make_shared<Pending>(Pending{step, std::move(outgoing), clock_.steady()});
  pending_.push_back(pending);
  // On disk, or the disk fails and delivery goes on from memory.
  submit_(std::move(transition), [this, pending](bool) {
    std::vector<Outgoing> out;
    {
      const std::scoped_lock lock(mutex_);
      out = release(*pending);
      // Commits come back in the order submitted.
      while (!pending_.empty() && pending_.front()->released) pending_.pop_front();
    }
    if (!out.empty()) send_(std::move(out));
  });
}

/// What of it is still to be sent, once.
std::vector<Outgoing> Ledger::release(Pending& pending) {
  if (std::exchange(pending.released, true)) return {};
  for (const SharedAlert& alert : pending.step.resolved) {
    committed_.erase(incident::identity_of(alert->labels));
  }
  for (const SharedAlert& alert : pending.step.opened) {
    committed_.insert_or_assign(incident::identity_of(alert->labels), alert);
  }
  return std::exchange(pending.outgoing, {});
}

std::vector<Outgoing> Ledger::take_overdue() {
  const std::scoped_lock lock(mutex_);
  std::vector<Outgoing> overdue;
  for (const auto& pending : pending_) {
    if (pending->released || clock_.steady() - pending->submitted < kCommitWithin) continue;
    std::ranges::move(release(*pending), std::back_inserter(overdue));
    facts_.journal_failure = "a commit has not come back from the disk for 10 seconds";
  }
  return overdue;
}

std::vector<Outgoing> Ledger::tell_newcomers(const std::vector<std::string>& sinks) {
  const std::scoped_lock lock(mutex_);
  std::vector<Outgoing> told;
  Transition transition;
  const base::WallTime time = clock_.wall();
  for (const std::string& sink : sinks) {
    if (std::ranges::find(sinks_, sink) != sinks_.end()) continue;
    for (const SharedAlert& alert : book_.firing()) {
      told.push_back({next_id_++, sink, alert, time});
      transition.outbox.push_back({told.back().id, sink, incident::to_text(*alert), time});
      outbox_.emplace(told.back().id, told.back());
    }
  }
  if (sinks_ == sinks) return told;
  sinks_ = sinks;
  transition.facts.push_back(sinks_fact(sinks_));
  submit_(std::move(transition), [](bool) {});
  return told;
}

void Ledger::delivered(const std::string& sink, const std::vector<SharedAlert>& accepted,
                       std::vector<std::int64_t> finished) {
  const std::scoped_lock lock(mutex_);
  Transition transition;
  for (const SharedAlert& alert : accepted) {
    if (!alert->ends_at) transition.records.push_back(alert_sent(clock_.wall(), *alert, sink));
  }
  for (const std::int64_t id : finished) outbox_.erase(id);
  transition.delivered = std::move(finished);
  submit_(std::move(transition), [](bool) {});
}

void Ledger::dropped(std::vector<std::int64_t> entries) {
  if (entries.empty()) return;
  const std::scoped_lock lock(mutex_);
  for (const std::int64_t id : entries) outbox_.erase(id);
  submit_({{}, {}, {}, std::move(entries)}, [](bool) {});
}

void Ledger::journal_failed(std::string why) {
  const std::scoped_lock lock(mutex_);
  facts_.journal_failure = std::move(why);
}

void Ledger::journal_works() {
  const std::scoped_lock lock(mutex_);
  facts_.journal_failure.clear();
}

Ledger::Shown Ledger::shown() const {
  const std::scoped_lock lock(mutex_);
  return {book_.firing(), book_.resolved()};
}

std::vector<SharedAlert> Ledger::committed() const {
  const std::scoped_lock lock(mutex_);
  std::vector<SharedAlert> alerts;
  alerts.reserve(committed_.size());
  for (const auto& [identity, alert] : committed_) alerts.push_back(alert);
  return alerts;
}

}  // namespace aka::ledger
