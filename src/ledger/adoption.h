#pragma once

#include <unordered_set>
#include <vector>

#include "incident/book.h"
#include "model/roster.h"

namespace aka::ledger {

/// What a configuration adds to the one before and takes from it. Points into both.
struct Adoption {
  struct Place {
    const model::Organization* organization;
    const model::Key* key;
  };
  std::vector<Place> added;
  std::vector<Place> removed;
  std::vector<const model::Organization*> removed_organizations;
  /// All that alerts may be about from now on.
  std::unordered_set<incident::Scope, incident::ScopeHash> known;
};

/// `before` is null if none is known. Pure.
Adoption compare(const model::Roster* before, const model::Roster& after);

}  // namespace aka::ledger
