#pragma once

#include <initializer_list>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/utc_time.h"
#include "model/observation.h"
#include "model/policy.h"
#include "model/roster.h"

/// Short words for tests to make audited things from. A text that cannot be read throws.
namespace aka::test {

inline constexpr std::string_view kOrganization = "5f1a2b3c4d5e6f7a8b9c0d1e";
inline constexpr std::string_view kKey = "64aa11bb22cc33dd44ee55f1";
inline constexpr std::string_view kProject = "5f1a2b3c4d5e6f7a8b9c0d2f";
inline constexpr std::string_view kOtherProject = "5f1a2b3c4d5e6f7a8b9c0d3a";

inline base::WallTime at(std::string_view instant) { return base::parse_instant(instant).value(); }

inline std::pair<std::string, std::optional<std::string>> split_at_sign(std::string_view text) {
  const std::size_t sign = text.find('@');
  if (sign == std::string_view::npos) return {std::string(text), std::nullopt};
  return {std::string(text.substr(0, sign)), std::string(text.substr(sign + 1))};
}

/// "NAME", "NAME@project", "NAME@unknown".
inline model::Role role(std::string_view text) {
  const auto [name, project] = split_at_sign(text);
  if (!project) return {name, model::Scope::own_organization()};
  if (*project == "unknown") return {name, model::Scope::unknown()};
  return {name, model::Scope::of_project(model::ProjectId::parse(*project).value())};
}

inline std::vector<model::Role> roles(std::initializer_list<std::string_view> texts) {
  std::vector<model::Role> result;
  for (const std::string_view text : texts) result.push_back(role(text));
  return result;
}

/// "NAME", "NAME@project", "NAME@*".
inline model::RolePattern pattern(std::string_view text) {
  const auto [name, project] = split_at_sign(text);
  if (!project) return {name, model::ScopePatternKind::organization, {}};
  if (*project == "*") return {name, model::ScopePatternKind::any_project, {}};
  return {name, model::ScopePatternKind::project, model::ProjectId::parse(*project).value()};
}

inline std::vector<model::RolePattern> patterns(std::vector<std::string> texts) {
  std::vector<model::RolePattern> result;
  for (const std::string& text : texts) result.push_back(pattern(text));
  return result;
}

/// A pattern that only this role fits.
inline model::RolePattern exactly(const model::Role& role) {
  if (role.scope.kind == model::ScopeKind::unknown) throw std::invalid_argument("no such pattern");
  const bool project = role.scope.kind == model::ScopeKind::project;
  return {role.name,
          project ? model::ScopePatternKind::project : model::ScopePatternKind::organization,
          role.scope.project};
}

/// An expected key with the policy, named like its id and owned by nobody.
inline model::Key key(model::Policy policy, std::string_view id = kKey) {
  model::Key key;
  key.id = model::KeyId::parse(id).value();
  key.name = std::string(id);
  key.policy = std::make_shared<const model::Policy>(std::move(policy));
  key.owner = std::make_shared<const std::string>();
  return key;
}

inline model::Key absent_key(std::string_view id = kKey) {
  model::Key result = key({}, id);
  result.policy = nullptr;
  result.expect = model::Expectation::absent;
  return result;
}

inline model::KeyRecord record(std::vector<model::Role> roles, std::string description = {},
                               std::string_view id = kKey) {
  return {model::KeyId::parse(id).value(), std::move(description), "abcdwxyz", std::move(roles),
          false};
}

}  // namespace aka::test
