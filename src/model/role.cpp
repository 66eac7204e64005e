// Matching and printing of roles and role patterns.
#include "model/role.h"

namespace aka::model {

bool matches_wildcard(std::string_view pattern, std::string_view text) {
  // Greedy with one step back: after a `*`, a mismatch lets the last star take one character more.
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

bool RolePattern::matches(const Role& role) const {
  switch (kind) {
    case ScopePatternKind::organization:
      if (role.scope.kind != ScopeKind::organization) return false;
      break;
    case ScopePatternKind::project:
      if (role.scope != Scope::of_project(project)) return false;
      break;
    case ScopePatternKind::any_project:
      if (role.scope.kind != ScopeKind::project) return false;
      break;
  }
  return matches_wildcard(name, role.name);
}

bool RolePattern::covers(const RolePattern& narrow) const {
  const bool scope = kind == ScopePatternKind::any_project
                         ? narrow.kind != ScopePatternKind::organization
                         : kind == narrow.kind && project == narrow.project;
  // A `*` in `narrow` is met as a character that only a `*` of this one can stand for.
  return scope && matches_wildcard(name, narrow.name);
}

std::string RolePattern::project_text() const {
  switch (kind) {
    case ScopePatternKind::organization:
      return {};
    case ScopePatternKind::project:
      return project.to_string();
    case ScopePatternKind::any_project:
      return "*";
  }
  return {};
}

std::string to_string(const Role& role) {
  switch (role.scope.kind) {
    case ScopeKind::organization:
      return role.name;
    case ScopeKind::project:
      return role.name + "@" + role.scope.project.to_string();
    case ScopeKind::unknown:
      return role.name + "@unknown";
  }
  return role.name;
}

std::string to_string(const RolePattern& pattern) {
  const std::string project = pattern.project_text();
  return project.empty() ? pattern.name : pattern.name + "@" + project;
}

}  // namespace aka::model
