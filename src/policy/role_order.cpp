// The order of Atlas roles as a table of direct steps, closed over once into a bit set per role.
// Scopes follow from the names: only organization roles reach across scopes, to every project.
#include "policy/role_order.h"

#include <algorithm>
#include <bitset>
#include <optional>

namespace aka::policy {
namespace {

// Source: the Atlas user roles reference (docs/roles.md), read in 2026-10.
constexpr std::array<RoleEntry, kKnownRoleCount> kRoles{{
    {"ORG_OWNER", "ORG_GROUP_CREATOR ORG_BILLING_ADMIN ORG_STREAM_PROCESSING_ADMIN GROUP_OWNER"},
    {"ORG_GROUP_CREATOR", "ORG_MEMBER"},
    {"ORG_BILLING_ADMIN", "ORG_BILLING_READ_ONLY"},
    {"ORG_BILLING_READ_ONLY", "ORG_MEMBER"},
    {"ORG_STREAM_PROCESSING_ADMIN", "ORG_READ_ONLY GROUP_STREAM_PROCESSING_OWNER"},
    {"ORG_READ_ONLY", "ORG_MEMBER GROUP_READ_ONLY"},
    {"ORG_MEMBER", ""},
    {"GROUP_OWNER",
     "GROUP_ACCESS_MANAGER GROUP_ALERTS_MANAGER GROUP_BACKUP_MANAGER GROUP_CLUSTER_CREATOR "
     "GROUP_CLUSTER_LOG_VIEWER GROUP_CLUSTER_MANAGER GROUP_CLUSTER_RESILIENCE_TESTER "
     "GROUP_DATABASE_ACCESS_ADMIN GROUP_DATA_ACCESS_ADMIN GROUP_INDEX_MANAGER GROUP_MODEL_OWNER "
     "GROUP_NETWORK_ACCESS_MANAGER GROUP_REAL_TIME_PERFORMANCE_OPERATOR "
     "GROUP_REPLICA_SET_MANAGER GROUP_SEARCH_INDEX_EDITOR GROUP_STREAM_PROCESSING_OWNER "
     "GROUP_SUPPORT_ACCESS_MANAGER GROUP_TRIGGER_MANAGER"},
    {"GROUP_ACCESS_MANAGER", "GROUP_READ_ONLY"},
    {"GROUP_ALERTS_MANAGER", "GROUP_READ_ONLY"},
    {"GROUP_BACKUP_MANAGER",
     "GROUP_BACKUP_CREATOR GROUP_BACKUP_EXPORT_OPERATOR GROUP_BACKUP_RECOVERY_OPERATOR"},
    {"GROUP_BACKUP_CREATOR", "GROUP_READ_ONLY"},
    {"GROUP_BACKUP_EXPORT_OPERATOR", "GROUP_READ_ONLY"},
    {"GROUP_BACKUP_RECOVERY_OPERATOR", "GROUP_READ_ONLY"},
    {"GROUP_CLUSTER_CREATOR", "GROUP_READ_ONLY"},
    {"GROUP_CLUSTER_LOG_VIEWER", "GROUP_READ_ONLY"},
    {"GROUP_CLUSTER_MANAGER", "GROUP_READ_ONLY"},
    {"GROUP_CLUSTER_RESILIENCE_TESTER", "GROUP_READ_ONLY"},
    {"GROUP_DATABASE_ACCESS_ADMIN", "GROUP_READ_ONLY"},
    {"GROUP_DATA_ACCESS_ADMIN", "GROUP_DATA_ACCESS_READ_WRITE"},
    {"GROUP_DATA_ACCESS_READ_WRITE", "GROUP_DATA_ACCESS_READ_ONLY GROUP_OBSERVABILITY_VIEWER"},
    {"GROUP_DATA_ACCESS_READ_ONLY", "GROUP_READ_ONLY"},
    {"GROUP_INDEX_MANAGER", "GROUP_READ_ONLY"},
    {"GROUP_MODEL_OWNER", "GROUP_READ_ONLY"},
    {"GROUP_NETWORK_ACCESS_MANAGER", "GROUP_READ_ONLY"},
    {"GROUP_OBSERVABILITY_VIEWER", "GROUP_READ_ONLY"},
    {"GROUP_REAL_TIME_PERFORMANCE_OPERATOR", "GROUP_READ_ONLY"},
    {"GROUP_REPLICA_SET_MANAGER", "GROUP_READ_ONLY"},
    {"GROUP_SEARCH_INDEX_EDITOR", "GROUP_READ_ONLY"},
    {"GROUP_STREAM_PROCESSING_OWNER", "GROUP_READ_ONLY"},
    {"GROUP_SUPPORT_ACCESS_MANAGER", "GROUP_READ_ONLY"},
    {"GROUP_TRIGGER_MANAGER", "GROUP_READ_ONLY"},
    {"GROUP_READ_ONLY", ""},
}};

using RoleSet = std::bitset<kKnownRoleCount>;

std::optional<std::size_t> index_of(std::string_view name) {
  const auto found = std::ranges::find(kRoles, name, &RoleEntry::name);
  if (found == kRoles.end()) return std::nullopt;
  return static_cast<std::size_t>(found - kRoles.begin());
}

model::ScopeKind scope_of(std::string_view name) {
  return name.starts_with("ORG_") ? model::ScopeKind::organization : model::ScopeKind::project;
}

RoleSet direct_steps(std::string_view names) {
  RoleSet set;
  while (!names.empty()) {
    const std::size_t end = std::min(names.find(' '), names.size());
    set.set(index_of(names.substr(0, end)).value());
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return set;
}

std::array<RoleSet, kKnownRoleCount> close_over() {
  std::array<RoleSet, kKnownRoleCount> below;
  for (std::size_t i = 0; i < kRoles.size(); ++i) {
    below[i] = direct_steps(kRoles[i].implies).set(i);
  }
  for (std::size_t middle = 0; middle < kRoles.size(); ++middle) {
    for (RoleSet& set : below) {
      if (set.test(middle)) set |= below[middle];
    }
  }
  return below;
}

bool name_implies(std::size_t held, std::size_t name) {
  static const std::array<RoleSet, kKnownRoleCount> below = close_over();
  return below[held].test(name);
}

/// The known role's place in the order, if it stands on the kind of scope it is made for.
std::optional<std::size_t> place_of(const model::Role& role) {
  return role.scope.kind == scope_of(role.name) ? index_of(role.name) : std::nullopt;
}

/// Where a pattern must hold a role for it to bear on `role`; nothing if it cannot.
std::optional<model::Scope> scope_for(const model::RolePattern& pattern, const model::Role& role) {
  switch (pattern.kind) {
    case model::ScopePatternKind::organization:
      return model::Scope::own_organization();
    case model::ScopePatternKind::project:
      return model::Scope::of_project(pattern.project);
    case model::ScopePatternKind::any_project:
      if (role.scope.kind == model::ScopeKind::project) return role.scope;
  }
  return std::nullopt;
}

bool grants(const model::RolePattern& pattern, const model::Role& role,
            const std::vector<model::RolePattern>& forbidden) {
  const std::optional<model::Scope> scope = scope_for(pattern, role);
  if (!scope) return false;
  return std::ranges::any_of(kRoles, [&](const RoleEntry& entry) {
    if (!model::matches_wildcard(pattern.name, entry.name)) return false;
    const model::Role held{std::string(entry.name), *scope};
    return implies(held, role) &&
           std::ranges::none_of(forbidden, [&](const auto& no) { return no.matches(held); });
  });
}

}  // namespace

const std::array<RoleEntry, kKnownRoleCount>& known_roles() { return kRoles; }

bool implies(const model::Role& held, const model::Role& role) {
  if (held == role) return true;
  const auto from = place_of(held);
  const auto to = place_of(role);
  if (!from || !to || !name_implies(*from, *to)) return false;
  return held.scope.kind == model::ScopeKind::organization || held.scope == role.scope;
}

bool widens(const model::Role& role, const model::RoleRules& rules) {
  const auto granted = [&](const model::RolePattern& pattern) {
    return grants(pattern, role, rules.forbidden);
  };
  return std::ranges::none_of(rules.required, granted) &&
         std::ranges::none_of(rules.allowed, granted);
}

}  // namespace aka::policy
