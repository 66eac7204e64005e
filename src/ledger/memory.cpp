// What a ledger takes over from an earlier run, and what the next one needs of it: restore() at the
// start, merge() for a store that opened late, everything() for one that begins anew,
// keep_seen() as time passes.
#include <algorithm>
#include <cstdlib>
#include <unordered_set>
#include <utility>

#include "incident/remembered.h"
#include "ledger/facts.h"
#include "ledger/ledger.h"

namespace aka::ledger {

using incident::Alert;
using incident::Scope;
using incident::SharedAlert;
using store::Fact;
using store::FactKind;
using store::Transition;

namespace {

/// An organization about which nothing was worth keeping has been watched for as long as its keys.
void add_organizations(Remembered& remembered) {
  std::unordered_map<model::OrganizationId, model::OrganizationStatus> unknown;
  for (const auto& [scope, status] : remembered.keys) {
    if (remembered.organizations.contains(scope.organization)) continue;
    const auto [place, is_new] = unknown.try_emplace(scope.organization);
    base::SteadyTime& since = place->second.watched_since;
    since = is_new ? status.watched_since_steady : std::min(since, status.watched_since_steady);
  }
  remembered.organizations.merge(unknown);
}

}  // namespace

Remembered Ledger::restore(const store::Restored& restored) {
  const std::scoped_lock lock(mutex_);
  Remembered remembered;
  std::vector<Alert> alerts;
  std::vector<std::pair<Scope, base::WallTime>> seen;
  const incident::Now when = now();
  for (const Fact& fact : restored.facts) {
    switch (fact.kind) {
      case FactKind::configuration:
        remembered.configuration = fact.value;
        break;
      case FactKind::key:
        if (const auto scope = scope_of(fact.id)) {
          if (auto status = incident::parse_key_status(*fact.value, when)) {
            remembered.keys.emplace(*scope, *std::move(status));
          }
        }
        break;
      case FactKind::seen:
        if (const auto scope = scope_of(fact.id)) {
          seen.emplace_back(*scope, time_of(std::atoll(fact.value->c_str())));
        }
        break;
      case FactKind::organization:
        if (const auto id = model::OrganizationId::parse(fact.id)) {
          if (auto status = incident::parse_organization_status(*fact.value, when)) {
            remembered.organizations.emplace(*id, *std::move(status));
          }
        }
        break;
      case FactKind::alert:
        if (auto alert = incident::parse_alert(*fact.value)) alerts.push_back(*std::move(alert));
        break;
      case FactKind::daemon:
        if (auto weakened = weakened_of(fact, when)) facts_.weakened = *std::move(weakened);
        read_sinks(fact, sinks_);
        break;
    }
  }
  for (const auto& [scope, success] : seen) {
    const auto key = remembered.keys.find(scope);
    if (key != remembered.keys.end() && key->second.last_success < success) {
      incident::set_last_success(key->second, success, when);
    }
  }
  take_alerts(std::move(alerts));
  add_organizations(remembered);
  remembered.outbox = take_outbox(restored);
  if (facts_.weakened) remembered.weakened = facts_.weakened->at;
  return remembered;
}

void Ledger::take_alerts(std::vector<Alert> alerts) {
  for (const Alert& alert : alerts) {
    if (!alert.ends_at) {
      committed_.emplace(incident::identity_of(alert.labels), std::make_shared<const Alert>(alert));
      // Until the first commit shows that it works.
      if (alert.name == incident::AlertName::journal_failing && facts_.journal_failure.empty()) {
        facts_.journal_failure = alert.summary;
      }
    }
    const auto sink = alert.labels.find("sink");
    if (alert.name != incident::AlertName::delivery_failing || alert.ends_at ||
        sink == alert.labels.end()) {
      continue;
    }
    auto& failing = facts_.failing_sinks;
    if (std::ranges::find(failing, sink->second) == failing.end()) failing.push_back(sink->second);
  }
  book_.restore(std::move(alerts));
}

std::vector<Outgoing> Ledger::take_outbox(const store::Restored& restored) {
  next_id_ = std::max(next_id_, restored.last_outbox_id + 1);
  std::vector<Outgoing> taken;
  for (const store::OutboxEntry& entry : restored.outbox) {
    auto alert = incident::parse_alert(entry.alert);
    if (!alert || outbox_.contains(entry.id)) continue;
    taken.push_back(
        {entry.id, entry.sink, std::make_shared<const Alert>(*std::move(alert)), entry.due});
    outbox_.emplace(entry.id, taken.back());
  }
  return taken;
}

Remembered Ledger::merge(const store::Restored& restored) {
  const std::scoped_lock lock(mutex_);
  Remembered remembered;
  std::vector<Alert> alerts;
  for (const Fact& fact : restored.facts) {
    if (fact.kind == FactKind::configuration) remembered.configuration = fact.value;
    if (fact.kind == FactKind::daemon && !facts_.weakened) {
      facts_.weakened = weakened_of(fact, now());
    }
    if (fact.kind != FactKind::alert) continue;
    if (auto alert = incident::parse_alert(*fact.value)) alerts.push_back(*std::move(alert));
  }
  take_alerts(std::move(alerts));
  remembered.outbox = take_outbox(restored);
  return remembered;
}

void Ledger::drop_unwatched(const model::StatusTable& table) {
  const std::scoped_lock lock(mutex_);
  std::unordered_set<Scope, incident::ScopeHash> watched{Scope{}};
  for (const model::Organization& organization : table.roster()->organizations) {
    watched.insert({organization.id, {}});
    for (const model::Key& key : organization.keys) watched.insert({organization.id, key.id});
  }
  for (const Scope& scope : book_.scopes()) {
    if (watched.contains(scope)) continue;
    settle(book_.reconcile(scope, {}, clock_.wall()), Cause::configuration, {});
  }
}

void Ledger::flush_seen(const model::StatusTable& table) {
  const std::scoped_lock lock(mutex_);
  keep_seen(table, std::chrono::seconds(1));
}

/// Writes what moved by `step` or more: as time passes a minute will do, at the end it is exact.
void Ledger::keep_seen(const model::StatusTable& table, std::chrono::seconds step) {
  seen_flushed_ = clock_.steady();
  Transition transition;
  const auto& organizations = table.roster()->organizations;
  table.visit([&](const model::StatusTable::Place& place, const model::KeyStatus& status) {
    const std::int64_t seconds = seconds_of(status.last_success);
    if (seconds == 0 || seconds / step.count() == seen_[place.index] / step.count()) return;
    seen_[place.index] = seconds;
    const Scope scope{organizations[place.organization].id, place.key.id};
    transition.facts.push_back({FactKind::seen, id_of(scope), std::to_string(seconds)});
  });
  settle({}, Cause::time, std::move(transition));
}

Transition Ledger::everything(const model::StatusTable& table) const {
  const std::scoped_lock lock(mutex_);
  Transition transition;
  const incident::Now when = now();
  const auto& organizations = table.roster()->organizations;
  for (std::size_t i = 0; i < organizations.size(); ++i) {
    transition.facts.push_back(organization_fact(organizations[i].id, table.organization(i), when));
  }
  table.visit([&](const model::StatusTable::Place& place, const model::KeyStatus& status) {
    const Scope scope{organizations[place.organization].id, place.key.id};
    transition.facts.push_back(key_fact(scope, status, when));
  });
  for (const SharedAlert& alert : book_.firing()) transition.facts.push_back(alert_fact(*alert));
  for (const SharedAlert& alert : book_.resolved()) transition.facts.push_back(alert_fact(*alert));
  if (facts_.weakened) transition.facts.push_back(weakened_fact(*facts_.weakened, when));
  transition.facts.push_back(sinks_fact(sinks_));
  if (!configuration_.empty()) {
    transition.facts.push_back(configuration_fact(configuration_));
  }
  for (const auto& [id, outgoing] : outbox_) {
    transition.outbox.push_back(
        {id, outgoing.sink, incident::to_text(*outgoing.alert), outgoing.due});
  }
  return transition;
}

}  // namespace aka::ledger
