#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "model/ids.h"

namespace aka::model {

/// On what a role acts. `unknown` is everything that is neither the key's own organization nor a
/// project: no pattern matches it.
enum class ScopeKind { organization, project, unknown };

struct Scope {
  ScopeKind kind = ScopeKind::organization;
  ProjectId project;  ///< of a project scope, else zero

  static Scope own_organization() { return {}; }
  static Scope of_project(ProjectId id) { return {ScopeKind::project, id}; }
  static Scope unknown() { return {ScopeKind::unknown, {}}; }

  friend auto operator<=>(const Scope&, const Scope&) = default;
};

/// One grant of a key as the service reports it. The name is a free string: Atlas adds roles.
struct Role {
  std::string name;
  Scope scope;

  friend auto operator<=>(const Role&, const Role&) = default;
};

/// "ORG_MEMBER", "GROUP_OWNER@5f1a...", "GROUP_OWNER@unknown": as a policy writes it.
std::string to_string(const Role& role);

enum class ScopePatternKind { organization, project, any_project };

/// What a policy says of roles: `name` may hold `*`, each standing for any run of characters.
struct RolePattern {
  std::string name;
  ScopePatternKind kind = ScopePatternKind::organization;
  ProjectId project;  ///< of a project pattern, else zero

  bool matches(const Role& role) const;
  /// Whether every role that fits `narrow` fits this one.
  bool covers(const RolePattern& narrow) const;
  bool has_wildcard() const {
    return kind == ScopePatternKind::any_project || name.find('*') != std::string::npos;
  }
  /// The half after the `@`: an id, `*` for any project, empty for the organization.
  std::string project_text() const;

  friend auto operator<=>(const RolePattern&, const RolePattern&) = default;
};

/// As written in a policy: `ROLE`, `ROLE@id`, `ROLE@*`.
std::string to_string(const RolePattern& pattern);

/// Whether `text` fits `pattern`, in which each `*` stands for any run of characters.
bool matches_wildcard(std::string_view pattern, std::string_view text);

}  // namespace aka::model
