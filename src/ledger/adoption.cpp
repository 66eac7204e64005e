// A new configuration beside the one before. Entry points: compare(), which takes long where there
// are many keys, and Ledger::adopted(), which takes as long as there is something to write.
#include "ledger/adoption.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "incident/remembered.h"
#include "ledger/facts.h"
#include "ledger/ledger.h"
#include "ledger/records.h"

namespace aka::ledger {

using incident::BookStep;
using incident::Scope;
using incident::SharedAlert;
using store::FactKind;
using store::Transition;

Adoption compare(const model::Roster* before, const model::Roster& after) {
  Adoption adoption;
  adoption.known.reserve(after.key_count + after.organizations.size() + 1);
  adoption.known.insert(Scope{});
  for (const model::Organization& organization : after.organizations) {
    adoption.known.insert(Scope{organization.id, {}});
    for (const model::Key& key : organization.keys)
      adoption.known.insert(Scope{organization.id, key.id});
  }
  std::unordered_set<Scope, incident::ScopeHash> known_before;
  if (before != nullptr) {
    known_before.reserve(before->key_count);
    for (const model::Organization& organization : before->organizations) {
      for (const model::Key& key : organization.keys) {
        const Scope scope{organization.id, key.id};
        known_before.insert(scope);
        if (!adoption.known.contains(scope)) adoption.removed.push_back({&organization, &key});
      }
      if (!adoption.known.contains(Scope{organization.id, {}}))
        adoption.removed_organizations.push_back(&organization);
    }
  }
  for (const model::Organization& organization : after.organizations) {
    for (const model::Key& key : organization.keys) {
      if (!known_before.contains(Scope{organization.id, key.id}))
        adoption.added.push_back({&organization, &key});
    }
  }
  return adoption;
}

void Ledger::adopted(const Adoption& adoption, const model::Roster& after) {
  const std::scoped_lock lock(mutex_);
  if (next_terms_) terms_ = *std::exchange(next_terms_, std::nullopt);
  seen_.assign(after.key_count, 0);
  Transition transition;
  const base::WallTime time = clock_.wall();
  // Since when it is watched has to be known even if the process ends before its first poll.
  model::KeyStatus unseen;
  unseen.watched_since = time;
  const std::string text_of_new = incident::to_text(unseen, now());
  transition.records.reserve(adoption.added.size());  // of 100,000 it is tens of megabytes
  transition.facts.reserve(adoption.added.size());
  for (const auto& [organization, key] : adoption.added) {
    transition.records.push_back(key_added(time, *organization, *key));
    transition.facts.push_back(
        {FactKind::key, id_of(Scope{organization->id, key->id}), text_of_new});
  }
  std::unordered_map<Scope, std::vector<SharedAlert>, incident::ScopeHash> gone;
  for (const Scope& scope : book_.scopes()) {
    if (!adoption.known.contains(scope)) gone[scope] = book_.reconcile(scope, {}, time).resolved;
  }
  for (const auto& [organization, key] : adoption.removed) {
    const Scope scope{organization->id, key->id};
    transition.records.push_back(key_removed(time, *organization, *key, gone[scope]));
    transition.facts.push_back({FactKind::key, id_of(scope), std::nullopt});
    transition.facts.push_back({FactKind::seen, id_of(scope), std::nullopt});
  }
  for (const model::Organization* const organization : adoption.removed_organizations) {
    transition.facts.push_back({FactKind::organization, organization->id.to_string(), {}});
  }
  BookStep step;
  for (auto& [scope, alerts] : gone) {
    std::ranges::move(alerts, std::back_inserter(step.resolved));
  }
  settle(step, Cause::configuration, std::move(transition));
}

}  // namespace aka::ledger
