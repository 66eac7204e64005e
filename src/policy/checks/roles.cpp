// The roles of a key against its policy: `role_forbidden`, `role_unexpected`, `role_missing`.
// Each role the key holds gives at most one finding, forbidden before unexpected; each required
// pattern that no role fits gives one more.
#include <algorithm>

#include "policy/check_table.h"
#include "policy/role_order.h"

namespace aka::policy {
namespace {

using model::FindingKind;
using Patterns = std::vector<model::RolePattern>;

const model::RolePattern* first_match(const Patterns& patterns, const model::Role& role) {
  const auto found = std::ranges::find_if(
      patterns, [&](const model::RolePattern& pattern) { return pattern.matches(role); });
  return found == patterns.end() ? nullptr : &*found;
}

std::string project_text(const model::Scope& scope) {
  switch (scope.kind) {
    case model::ScopeKind::organization:
      return {};
    case model::ScopeKind::project:
      return scope.project.to_string();
    case model::ScopeKind::unknown:
      return "unknown";
  }
  return {};
}

model::Finding finding_of(const model::Role& role, FindingKind kind) {
  model::Finding finding;
  finding.kind = kind;
  finding.role = role.name;
  finding.project_id = project_text(role.scope);
  finding.actual = shortened(model::to_string(role));
  return finding;
}

void judge_role(const model::Role& role, const model::RoleRules& rules, model::Findings& findings) {
  if (const auto* pattern = first_match(rules.forbidden, role)) {
    findings.push_back(finding_of(role, FindingKind::role_forbidden));
    findings.back().expected = "no " + model::to_string(*pattern);
    return;
  }
  if (first_match(rules.required, role) != nullptr) return;
  if (first_match(rules.allowed, role) != nullptr) return;
  findings.push_back(finding_of(role, FindingKind::role_unexpected));
  findings.back().widens = widens(role, rules);
}

model::Finding missing(const model::RolePattern& pattern) {
  model::Finding finding;
  finding.kind = FindingKind::role_missing;
  finding.role = pattern.name;
  finding.project_id = pattern.project_text();
  finding.expected = model::to_string(pattern);
  return finding;
}

}  // namespace

void check_roles(const Subject& subject, model::Findings& findings) {
  if (subject.record == nullptr || subject.key.policy == nullptr) return;
  if (!subject.key.policy->roles) return;
  const model::RoleRules& rules = *subject.key.policy->roles;
  const std::vector<model::Role>& roles = subject.record->roles;
  for (const model::Role& role : roles) judge_role(role, rules, findings);
  for (const model::RolePattern& pattern : rules.required) {
    if (std::ranges::none_of(roles, [&](const auto& role) { return pattern.matches(role); })) {
      findings.push_back(missing(pattern));
    }
  }
}

}  // namespace aka::policy
