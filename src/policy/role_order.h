#pragma once

#include <array>
#include <string_view>

#include "model/policy.h"
#include "model/role.h"

namespace aka::policy {

/// The built-in order of Atlas roles; docs/roles.md shows it and says why. It holds only what
/// Atlas documents: where that is in doubt, a role does not imply the other. The version counts
/// its changes, since a change can turn a warning into a critical finding.
inline constexpr int kRoleOrderVersion = 1;

struct RoleEntry {
  std::string_view name;
  std::string_view implies;  ///< the names right below, separated by one space
};

inline constexpr std::size_t kKnownRoleCount = 33;

/// Every role that Atlas documents. An `ORG_` role acts on the organization and implies project
/// roles on each of its projects; a `GROUP_` role implies project roles on its own project.
const std::array<RoleEntry, kKnownRoleCount>& known_roles();

/// Whether who holds `held` can do all that `role` grants. A partial order. A name that is not
/// known, or that stands on the wrong kind of scope, implies itself and is implied by itself only.
bool implies(const model::Role& held, const model::Role& role);

/// Whether `role` gives more than the rules grant: nothing that they require or allow, and do not
/// forbid, implies it. A pattern counts as every known role that fits it. An unknown name widens.
bool widens(const model::Role& role, const model::RoleRules& rules);

}  // namespace aka::policy
