// What the daemon's own key holds beyond its need. Entry point: excess_of().
#include "policy/own_credential.h"

#include <algorithm>
#include <iterator>

#include "policy/role_order.h"

namespace aka::policy {

std::vector<model::Role> excess_of(const std::vector<model::Role>& roles) {
  model::RoleRules needed;
  for (const char* name : {"ORG_MEMBER", "ORG_READ_ONLY"}) {
    needed.allowed.push_back({name, model::ScopePatternKind::organization, {}});
  }
  std::vector<model::Role> excess;
  std::ranges::copy_if(roles, std::back_inserter(excess),
                       [&](const model::Role& role) { return widens(role, needed); });
  return excess;
}

}  // namespace aka::policy
