// A configuration in words: what `check --explain` prints. One indented block for each
// organization and key, so that two versions can be compared line by line.
#include "report/explain.h"

#include <cmath>

#include <fmt/format.h>

#include "base/utc_time.h"
#include "policy/waivers.h"
#include "report/printable.h"

namespace aka::report {
namespace {

std::string list_of(const std::vector<model::RolePattern>& patterns) {
  std::string list;
  for (const model::RolePattern& pattern : patterns)
    list += (list.empty() ? "" : ", ") + to_string(pattern);
  return list.empty() ? "none" : list;
}

std::string row(std::string_view name, std::string_view text) {
  return fmt::format("    {:<12} {}\n", name, printable(text));
}

std::string roles_text(const model::RoleRules& rules) {
  std::string text;
  if (rules.exact) {
    text += row("exactly", list_of(rules.required));
  } else {
    if (!rules.required.empty()) text += row("required", list_of(rules.required));
    if (!rules.allowed.empty()) text += row("allowed", list_of(rules.allowed));
  }
  if (!rules.forbidden.empty()) text += row("forbidden", list_of(rules.forbidden));
  return text;
}

std::string description_text(const model::Policy& policy) {
  if (!policy.description) return "not checked";
  if (const auto* exact = std::get_if<std::string>(&*policy.description))
    return fmt::format("'{}'", *exact);
  return fmt::format("fits {}", std::get<base::TextPattern>(*policy.description).expression());
}

std::string policy_text(const model::Policy& policy) {
  std::string text = row("policy", policy.name.empty() ? "written in place" : policy.name);
  text += policy.roles ? roles_text(*policy.roles) : row("roles", "not checked");
  text += row("description", description_text(policy));
  for (const model::FindingKind kind : model::kFindingKinds) {
    if (const auto severity = policy.severity_of(kind))
      text += row("severity", fmt::format("{} is {}", to_string(kind), to_string(*severity)));
  }
  return text;
}

std::string waiver_text(const model::Waiver& waiver, base::WallTime now) {
  const std::string scope = waiver.project_id.empty() ? "" : "@" + waiver.project_id;
  const std::string subject = waiver.role.empty() ? waiver.actual : waiver.role + scope;
  return row("waiver",
             fmt::format("{}{}{} until {} ({}){}: {}", to_string(waiver.kind),
                         subject.empty() ? "" : " ", subject, base::format_utc(waiver.until),
                         to_string(policy::waiver_state(waiver, {}, now)),
                         waiver.ticket.empty() ? "" : " " + waiver.ticket, waiver.reason));
}

/// To one digit after the point.
double shortened(double requests) { return std::round(requests * 10) / 10; }

std::string recheck_text(const model::Organization& organization, const OrganizationLoad& load) {
  if (organization.fetch == model::Fetch::per_key) return "";
  return fmt::format(", in lists of up to 500, and by itself every {}",
                     base::format_duration(load.recheck));
}

std::string timeouts_text(const OrganizationLoad& load) {
  const std::string timeout = base::format_duration(load.timeout);
  return load.timeouts == 1 ? "a timeout of " + timeout
                            : fmt::format("{} timeouts of {}", load.timeouts, timeout);
}

/// To the next whole second, since nobody would configure less.
base::Duration rounded_up(base::Duration duration) {
  return std::chrono::ceil<std::chrono::seconds>(duration);
}

}  // namespace

std::string explain_organization(const model::Organization& organization,
                                 const OrganizationLoad& load) {
  return fmt::format(
      "organization {} ({}), credential {}, {} key{}\n"
      "  requests   {} a minute of the {} that the rate limit allows; each key every {}{}{}\n"
      "  detection  at most {} after a change: the interval, {}% jitter and {}\n",
      printable(organization.name), organization.id.to_string(), printable(organization.credential),
      organization.keys.size(), organization.keys.size() == 1 ? "" : "s", shortened(load.requests),
      load.per_minute, base::format_duration(organization.interval),
      load.effective_interval == organization.interval
          ? ""
          : fmt::format(", stretched to {}", base::format_duration(load.effective_interval)),
      recheck_text(organization, load), base::format_duration(load.detection_bound),
      std::round(load.jitter * 1000) / 10, timeouts_text(load));
}

std::string explain_key(const model::Key& key, base::WallTime now) {
  std::string text = fmt::format("  key {} ({}){}\n", printable(key.name), key.id.to_string(),
                                 key.owner->empty() ? "" : ", owner " + printable(*key.owner));
  text += key.policy == nullptr ? row("expected", "absent") : policy_text(*key.policy);
  if (!key.public_key.empty()) text += row("public key", key.public_key);
  if (key.waivers != nullptr) {
    for (const model::Waiver& waiver : *key.waivers) text += waiver_text(waiver, now);
  }
  return text;
}

std::string overload_text(const model::Organization& organization, const OrganizationLoad& load) {
  return fmt::format(
      "organization '{}' needs {} requests a minute for its {} keys, each every {}, and "
      "atlas.rate_limit allows {}; the shortest interval that fits is {}",
      printable(organization.name), shortened(load.requests), organization.keys.size(),
      base::format_duration(organization.interval), load.per_minute,
      base::format_duration(rounded_up(load.shortest_interval)));
}

}  // namespace aka::report
