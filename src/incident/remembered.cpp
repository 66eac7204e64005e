// What the store keeps of keys and organizations, as JSON with short names: there are 100,000 of
// them. Ages survive a restart as wall time; a wall clock that went back makes nothing younger than
// now.
#include "incident/remembered.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace aka::incident {
namespace {

using base::SteadyTime;
using base::WallTime;
using model::Finding;
using model::KeyStatus;
using nlohmann::json;

constexpr int kVersion = 1;

constexpr base::Duration kSkew = std::chrono::minutes(1);
constexpr base::Duration kLongAgo = std::chrono::hours(24 * 3650);

long long number_of(WallTime time) { return time.time_since_epoch().count(); }
WallTime wall_of(long long milliseconds) {
  return WallTime(std::chrono::milliseconds(milliseconds));
}

/// 0 stands for never.
long long number_of(SteadyTime time, const Now& now) {
  if (time == SteadyTime{}) return 0;
  return number_of(now.wall -
                   std::chrono::duration_cast<std::chrono::milliseconds>(now.steady - time));
}

SteadyTime steady_of(long long milliseconds, const Now& now) {
  if (milliseconds == 0) return SteadyTime{};
  const auto age = std::max(now.wall - wall_of(milliseconds), std::chrono::milliseconds(0));
  // Before the machine's start it is negative; the epoch itself would mean never.
  const SteadyTime time = now.steady - age;
  return time == SteadyTime{} ? time - std::chrono::nanoseconds(1) : time;
}

json text_of(const Finding& finding) {
  json text{{"kind", model::to_string(finding.kind)},
            {"severity", model::to_string(finding.severity)},
            {"since", number_of(finding.since)},
            {"poll", finding.first_poll}};
  const auto put = [&text](const char* name, const std::string& value) {
    if (!value.empty()) text[name] = value;
  };
  put("role", finding.role);
  put("project_id", finding.project_id);
  put("expected", finding.expected);
  put("actual", finding.actual);
  if (finding.waived) text["waived"] = true;
  if (finding.widens) text["widens"] = true;
  return text;
}

Finding finding_of(const json& text) {
  Finding finding;
  finding.kind = model::parse_finding_kind(text.at("kind").get<std::string>()).value();
  finding.severity = model::parse_severity(text.at("severity").get<std::string>()).value();
  finding.since = wall_of(text.at("since").get<long long>());
  finding.first_poll = text.at("poll").get<std::uint32_t>();
  finding.role = text.value("role", "");
  finding.project_id = text.value("project_id", "");
  finding.expected = text.value("expected", "");
  finding.actual = text.value("actual", "");
  finding.waived = text.value("waived", false);
  finding.widens = text.value("widens", false);
  return finding;
}

template <typename Enum, typename List>
Enum parse(const List& all, const std::string& text) {
  for (const Enum value : all) {
    if (model::to_string(value) == text) return value;
  }
  throw json::other_error::create(501, "unknown name", nullptr);
}

template <typename Enum>
Enum enum_of(const json& text, Enum last) {
  const int number = text.get<int>();
  if (number < 0 || number > static_cast<int>(last)) {
    throw json::other_error::create(501, "unknown number", nullptr);
  }
  return static_cast<Enum>(number);
}

std::string line(const json& text) {
  return text.dump(-1, ' ', false, json::error_handler_t::replace);
}

json text_of(const model::UnmanagedKey& key) {
  json roles = json::array();
  for (const model::Role& role : key.roles) {
    roles.push_back({{"name", role.name},
                     {"scope", static_cast<int>(role.scope.kind)},
                     {"project", role.scope.project.to_string()}});
  }
  return {{"id", key.id.to_string()},
          {"description", key.description},
          {"public_key", key.public_key},
          {"roles", roles},
          {"own", key.owner == model::KeyOwner::daemon},
          {"absences", key.absences},
          {"presences", key.presences},
          {"finding", text_of(key.finding)}};
}

model::UnmanagedKey unmanaged_of(const json& text) {
  model::UnmanagedKey key;
  key.id = model::KeyId::parse(text.at("id").get<std::string>()).value();
  text.at("description").get_to(key.description);
  text.at("public_key").get_to(key.public_key);
  for (const json& read : text.at("roles")) {
    model::Role role;
    read.at("name").get_to(role.name);
    role.scope.kind = enum_of<model::ScopeKind>(read.at("scope"), model::ScopeKind::unknown);
    role.scope.project = model::ProjectId::parse(read.at("project").get<std::string>()).value();
    key.roles.push_back(std::move(role));
  }
  key.owner = text.at("own").get<bool>() ? model::KeyOwner::daemon : model::KeyOwner::somebody;
  text.at("absences").get_to(key.absences);
  text.at("presences").get_to(key.presences);
  key.finding = finding_of(text.at("finding"));
  return key;
}

}  // namespace

std::string to_text(const KeyStatus& status, const Now& now) {
  const model::Streaks& streaks = status.streaks;
  json text{{"v", kVersion},
            {"state", model::to_string(status.state)},
            {"reason", static_cast<int>(status.reason)},
            {"http", status.http_status},
            {"evidence", static_cast<int>(status.evidence)},
            {"current", status.judged_by_current_policy},
            {"last_poll", number_of(status.last_poll)},
            {"last_success", number_of(status.last_success)},
            {"watched_since", number_of(status.watched_since)},
            {"polls", status.conclusive_polls},
            {"streaks",
             {streaks.not_found, streaks.org_missing, streaks.found, streaks.gone,
              streaks.forbidden, streaks.unauthorized, streaks.failed}}};
  if (streaks.failed > 0) text["trouble_since"] = number_of(status.trouble_since, now);
  if (status.message != nullptr) text["message"] = *status.message;
  if (status.findings != nullptr) {
    json& findings = text["findings"] = json::array();
    for (const Finding& finding : *status.findings) findings.push_back(text_of(finding));
  }
  return line(text);
}

void set_last_success(KeyStatus& status, WallTime when, const Now& now) {
  status.last_success = when;
  // From ahead of a clock that went back: nobody knows how old it is, so it is no proof any more.
  const bool ahead = when > now.wall + kSkew;
  status.last_success_steady = ahead ? now.steady - kLongAgo : steady_of(number_of(when), now);
  status.last_poll = std::max(status.last_poll, when);
}

std::optional<KeyStatus> parse_key_status(std::string_view line, const Now& now) try {
  const json text = json::parse(line);
  if (text.at("v").get<int>() != kVersion) return std::nullopt;
  KeyStatus status;
  status.state = parse<model::State>(model::kStates, text.at("state").get<std::string>());
  status.reason = enum_of<model::Reason>(text.at("reason"), model::Reason::proxy);
  text.at("http").get_to(status.http_status);
  status.evidence = enum_of<model::Evidence>(text.at("evidence"), model::Evidence::missing);
  text.at("current").get_to(status.judged_by_current_policy);
  status.last_poll = wall_of(text.at("last_poll").get<long long>());
  set_last_success(status, wall_of(text.at("last_success").get<long long>()), now);
  status.watched_since = wall_of(text.at("watched_since").get<long long>());
  status.watched_since_steady = steady_of(number_of(status.watched_since), now);
  text.at("polls").get_to(status.conclusive_polls);
  const json& streaks = text.at("streaks");
  status.streaks = {streaks.at(0), streaks.at(1), streaks.at(2), streaks.at(3),
                    streaks.at(4), streaks.at(5), streaks.at(6)};
  status.trouble_since = steady_of(text.value("trouble_since", 0LL), now);
  if (text.contains("message")) {
    status.message = std::make_shared<const std::string>(text.at("message").get<std::string>());
  }
  if (text.contains("findings")) {
    model::Findings findings;
    for (const json& finding : text.at("findings")) findings.push_back(finding_of(finding));
    status.findings = std::make_shared<const model::Findings>(std::move(findings));
  }
  return status;
} catch (const std::exception&) {
  return std::nullopt;
}

std::string to_text(const model::OrganizationStatus& status, const Now& now) {
  json text{{"v", kVersion},
            {"last_conclusive", number_of(status.last_conclusive, now)},
            {"watched_since", number_of(status.watched_since, now)},
            {"reachable_since", number_of(status.reachable_since, now)},
            {"unreachable", status.unreachable}};
  if (status.discovery != nullptr) {
    json& keys = text["unmanaged"] = json::array();
    for (const model::UnmanagedKey& key : status.discovery->unmanaged) {
      keys.push_back(text_of(key));
    }
    text["last_complete"] = number_of(status.discovery->last_complete);
    text["failure"] = status.discovery->failure;
  }
  return line(text);
}

std::optional<model::OrganizationStatus> parse_organization_status(std::string_view line,
                                                                   const Now& now) try {
  const json text = json::parse(line);
  if (text.at("v").get<int>() != kVersion) return std::nullopt;
  model::OrganizationStatus status;
  status.last_conclusive = steady_of(text.at("last_conclusive").get<long long>(), now);
  status.watched_since = steady_of(text.at("watched_since").get<long long>(), now);
  status.reachable_since = steady_of(text.at("reachable_since").get<long long>(), now);
  text.at("unreachable").get_to(status.unreachable);
  if (text.contains("unmanaged")) {
    model::Discovery discovery;
    for (const json& key : text.at("unmanaged")) discovery.unmanaged.push_back(unmanaged_of(key));
    discovery.last_complete = wall_of(text.at("last_complete").get<long long>());
    text.at("failure").get_to(discovery.failure);
    status.discovery = std::make_shared<const model::Discovery>(std::move(discovery));
  }
  return status;
} catch (const std::exception&) {
  return std::nullopt;
}

std::string to_text(const Weakened& weakened, const Now& now) {
  return line({{"weakened", number_of(weakened.at, now)}, {"weakening", weakened.what}});
}

std::optional<Weakened> parse_weakened(std::string_view line, const Now& now) try {
  const json text = json::parse(line);
  Weakened weakened;
  weakened.at = steady_of(text.at("weakened").get<long long>(), now);
  text.at("weakening").get_to(weakened.what);
  return weakened;
} catch (const std::exception&) {
  return std::nullopt;
}

}  // namespace aka::incident
