// Policies. Entry points: read_policy(), PolicyTable. A rule that no key could ever fulfil, or that
// can never matter, is a mistake of its author and told here rather than found in production.
#include "settings/policy_section.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/redaction.h"
#include "settings/names.h"

namespace aka::settings {
namespace {

using base::Fields;
using base::Section;
using model::RolePattern;
using model::ScopePatternKind;

struct MarkedPattern {
  RolePattern pattern;
  base::Mark mark;
};
using MarkedPatterns = std::vector<MarkedPattern>;

bool is_role_name(std::string_view name) {
  const auto is_letter = [](char symbol) {
    return (symbol >= 'A' && symbol <= 'Z') || (symbol >= 'a' && symbol <= 'z') || symbol == '_' ||
           symbol == '*';
  };
  return std::ranges::any_of(name, is_letter) && std::ranges::all_of(name, [&](char symbol) {
           return is_letter(symbol) || (symbol >= '0' && symbol <= '9');
         });
}

/// Atlas names say on what they act; a pattern of the other scope matches nothing.
void warn_of_wrong_scope(const MarkedPattern& role, base::Diagnostics& diagnostics) {
  const bool of_organization = role.pattern.kind == ScopePatternKind::organization;
  if (of_organization && role.pattern.name.starts_with("GROUP_")) {
    diagnostics.warning(
        role.mark, fmt::format("{0} is a role on a project; without a project it matches nothing. "
                               "Write {0}@* or {0}@<project id>",
                               role.pattern.name));
  }
  if (!of_organization && role.pattern.name.starts_with("ORG_")) {
    diagnostics.warning(role.mark,
                        fmt::format("{0} is a role on the organization; with a project it matches "
                                    "nothing. Write {0}",
                                    role.pattern.name));
  }
}

std::optional<MarkedPattern> read_pattern(const Section& item, const std::string& list,
                                          base::Diagnostics& diagnostics) {
  if (item.kind != Section::Kind::scalar) {
    diagnostics.error(item.mark, fmt::format("each item of {} must be a role like ORG_MEMBER or "
                                             "GROUP_OWNER@*, not {}",
                                             list, base::describe(item.kind)));
    return std::nullopt;
  }
  auto pattern = parse_role_pattern(item.text);
  if (!pattern) {
    diagnostics.error(item.mark, pattern.error().message);
    return std::nullopt;
  }
  MarkedPattern role{std::move(*pattern), item.mark};
  warn_of_wrong_scope(role, diagnostics);
  return role;
}

MarkedPatterns read_patterns(Fields& fields, const std::string& key) {
  MarkedPatterns patterns;
  const Section* list = fields.sequence(key);
  if (list == nullptr) return patterns;
  for (const Section& item : list->items) {
    auto role =
        read_pattern(item, fmt::format("'{}' of {}", key, fields.what()), fields.diagnostics());
    if (!role) continue;
    if (std::ranges::find(patterns, role->pattern, &MarkedPattern::pattern) != patterns.end()) {
      fields.diagnostics().warning(
          role->mark, fmt::format("{} stands twice in '{}'", to_string(role->pattern), key));
      continue;
    }
    patterns.push_back(std::move(*role));
  }
  return patterns;
}

void check_conflicts(const MarkedPatterns& required, const MarkedPatterns& forbidden,
                     base::Diagnostics& diagnostics) {
  for (const MarkedPattern& wanted : required) {
    for (const MarkedPattern& refused : forbidden) {
      if (!refused.pattern.covers(wanted.pattern)) continue;
      diagnostics.error(
          wanted.mark,
          fmt::format("{} is required here and forbidden by {} at {}; no key could comply",
                      to_string(wanted.pattern), to_string(refused.pattern), place(refused.mark)));
      break;
    }
  }
}

void check_exact(Fields& fields, const MarkedPatterns& exact) {
  for (const MarkedPattern& role : exact) {
    if (!role.pattern.has_wildcard()) continue;
    fields.diagnostics().error(
        role.mark, fmt::format("'exact' takes no wildcards, as in {}; list the roles, or use "
                               "'required' and 'allowed'",
                               to_string(role.pattern)));
  }
  for (const char* other : {"required", "allowed"}) {
    if (!fields.has_key(other)) continue;
    fields.error(other, fmt::format("{} has 'exact', which leaves no room for '{}'; keep one of "
                                    "them",
                                    fields.what(), other));
  }
}

std::vector<RolePattern> plain(MarkedPatterns marked) {
  std::vector<RolePattern> patterns;
  patterns.reserve(marked.size());
  for (MarkedPattern& role : marked) patterns.push_back(std::move(role.pattern));
  return patterns;
}

std::optional<model::RoleRules> read_roles(const Section& section, const std::string& of,
                                           base::Diagnostics& diagnostics) {
  Fields fields(section, fmt::format("'roles' of {}", of), diagnostics);
  model::RoleRules rules;
  MarkedPatterns exact = read_patterns(fields, "exact");
  MarkedPatterns required = read_patterns(fields, "required");
  MarkedPatterns allowed = read_patterns(fields, "allowed");
  MarkedPatterns forbidden = read_patterns(fields, "forbidden");
  fields.finish({"exact", "required", "allowed", "forbidden"});
  rules.exact = fields.has_key("exact");
  if (rules.exact) {
    check_exact(fields, exact);
    required = std::move(exact);
  } else if (section.kind == Section::Kind::mapping && !fields.has_key("required") &&
             !fields.has_key("allowed") && !fields.has_key("forbidden")) {
    diagnostics.error(section.mark,
                      fmt::format("'roles' of {} names no roles; write 'exact: []' if the key must "
                                  "hold none, or leave 'roles' out if they do not matter",
                                  of));
  }
  check_conflicts(required, forbidden, diagnostics);
  rules.required = plain(std::move(required));
  rules.allowed = plain(std::move(allowed));
  rules.forbidden = plain(std::move(forbidden));
  return rules;
}

std::optional<model::DescriptionRule> read_description(Fields& policy) {
  const Section* value = policy.any("description");
  if (value == nullptr) return std::nullopt;
  if (value->kind != Section::Kind::mapping) {
    auto text = policy.text("description");
    return text ? std::optional<model::DescriptionRule>(std::move(*text)) : std::nullopt;
  }
  Fields fields(*value, fmt::format("'description' of {}", policy.what()), policy.diagnostics());
  const auto expression = fields.text("regex");
  if (!expression && !fields.has_key("regex")) fields.missing("regex");
  fields.finish();
  if (!expression) return std::nullopt;
  auto pattern = base::TextPattern::compile(*expression);
  if (pattern) return std::move(*pattern);
  // The sentence of the library repeats its input.
  fields.error("regex", base::shown(*expression) == *expression
                            ? pattern.error().message
                            : "this is not a regular expression in RE2's syntax");
  return std::nullopt;
}

void read_severity(Fields& policy, model::Policy& result) {
  const Section* section = policy.mapping("severity");
  if (section == nullptr) return;
  Fields fields(*section, fmt::format("'severity' of {}", policy.what()), policy.diagnostics());
  for (const model::FindingKind kind : model::kFindingKinds) {
    const std::string_view key = to_string(kind);
    const auto name = fields.choice(key, {"info", "warning", "critical"});
    if (!name) continue;
    result.severity[static_cast<std::size_t>(kind)] = model::parse_severity(*name);
    if (kind == model::FindingKind::unmanaged_key || kind == model::FindingKind::key_present) {
      fields.warning(
          key, fmt::format("this severity of {} has no effect: such a key has no policy", key));
    }
  }
  fields.finish();
}

}  // namespace

base::Result<RolePattern> parse_role_pattern(std::string_view text) {
  const std::size_t at = text.find('@');
  RolePattern pattern;
  pattern.name = std::string(text.substr(0, at));
  const auto bad = [&](std::string_view why) {
    return base::fail(base::ErrorKind::invalid_input,
                      fmt::format("'{}' is no role: {}; write ROLE, ROLE@<project id> or ROLE@*",
                                  base::shown(text), why));
  };
  if (pattern.name.empty()) return bad("it has no name");
  if (!is_role_name(pattern.name)) return bad("a name has letters, digits, '_' and '*' only");
  if (at == std::string_view::npos) return pattern;
  const std::string_view project = text.substr(at + 1);
  if (project == "*") {
    pattern.kind = ScopePatternKind::any_project;
    return pattern;
  }
  const auto id = model::ProjectId::parse(project);
  if (!id) return bad("a project id has 24 hex digits");
  pattern.kind = ScopePatternKind::project;
  pattern.project = *id;
  return pattern;
}

std::shared_ptr<const model::Policy> read_policy(const Section& section, std::string name,
                                                 base::Diagnostics& diagnostics) {
  auto policy = std::make_shared<model::Policy>();
  Fields fields(section, name.empty() ? "this policy" : fmt::format("policy '{}'", name),
                diagnostics);
  policy->name = std::move(name);
  policy->description = read_description(fields);
  if (const Section* roles = fields.any("roles"))
    policy->roles = read_roles(*roles, fields.what(), diagnostics);
  read_severity(fields, *policy);
  fields.finish({"description", "roles"});
  if (!fields.has_key("description") && !fields.has_key("roles"))
    diagnostics.warning(section.mark,
                        fmt::format("{} checks neither roles nor the description", fields.what()));
  return policy;
}

void PolicyTable::add(const Section& policies, base::Diagnostics& diagnostics) {
  Fields kind(policies, "'policies'", diagnostics);  // reports what is no mapping
  for (const Section::Entry& entry : policies.entries) {
    if (!check_name("a policy", entry.key, entry.mark, diagnostics)) continue;
    const auto [row, added] = rows_.try_emplace(entry.key);
    if (!added) {
      diagnostics.error(entry.mark,
                        fmt::format("policy '{}' is used twice, first at {}; rename one", entry.key,
                                    place(row->second.mark)));
    }
    auto policy = read_policy(entry.value, entry.key, diagnostics);
    if (added) row->second = {std::move(policy), entry.mark, false};
  }
}

std::shared_ptr<const model::Policy> PolicyTable::find(const std::string& name) {
  const auto row = rows_.find(name);
  if (row == rows_.end()) return nullptr;
  row->second.used = true;
  return row->second.policy;
}

std::vector<std::string> PolicyTable::names() const {
  std::vector<std::string> names;
  for (const auto& [known, row] : rows_) names.push_back(known);
  return names;
}

std::optional<std::string> PolicyTable::nearest(std::string_view name) const {
  return base::nearest(name, names());
}

void PolicyTable::warn_of_unused(base::Diagnostics& diagnostics) const {
  for (const auto& [name, row] : rows_) {
    if (!row.used)
      diagnostics.warning(row.mark, fmt::format("policy '{}' is used by no key", name));
  }
}

std::string place(const base::Mark& mark) {
  return fmt::format("{}:{}:{}", mark.file ? *mark.file : std::string(), mark.line, mark.column);
}

}  // namespace aka::settings
