// Drills in the account: their alerts go the way of real ones, from a scope of their own, where no
// poll opens or closes anything.
#include "incident/drill.h"

#include "ledger/ledger.h"
#include "ledger/records.h"

namespace aka::ledger {

using incident::BookStep;
using incident::Scope;

incident::SharedAlert Ledger::begin_drill(const model::Organization& organization,
                                          const model::Key& key, const model::Finding& finding) {
  const std::scoped_lock lock(mutex_);
  const Scope scope{organization.id, key.id, true};
  if (!book_.fires_nothing(scope)) return nullptr;
  const base::WallTime time = clock_.wall();
  const BookStep step = book_.reconcile(
      scope, {{incident::drill_alert(organization, key, finding, terms_, time)}}, time);
  store::Transition transition;
  transition.records.push_back(drill(time, *step.opened.front()));
  settle(step, Cause::time, std::move(transition));
  return step.opened.front();
}

void Ledger::end_drills(const model::Organization& organization, const model::Key& key) {
  const std::scoped_lock lock(mutex_);
  const base::WallTime time = clock_.wall();
  const BookStep step = book_.reconcile({organization.id, key.id, true}, {}, time);
  if (step.empty()) return;
  store::Transition transition;
  for (const incident::SharedAlert& alert : step.resolved) {
    transition.records.push_back(drill(time, *alert));
  }
  settle(step, Cause::time, std::move(transition));
}

}  // namespace aka::ledger
