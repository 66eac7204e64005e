// Small worlds for the tests of pages.
#include "page/watched.h"

#include <fmt/format.h>

#include "report/world.h"
#include "support/audited.h"

namespace aka::page::testing {

using test::at;

model::Key key_named(const std::string& name, int number, const std::string& owner) {
  model::Policy policy;
  policy.name = "reader";
  policy.roles = model::RoleRules{test::patterns({"ORG_READ_ONLY"}), {}, {}, true};
  model::Key key = test::key(std::move(policy), fmt::format("64aa11bb22cc33dd44ee{:04x}", number));
  key.name = name;
  key.owner = std::make_shared<const std::string>(owner);
  return key;
}

model::KeyStatus judged(model::Findings findings) {
  model::KeyStatus status;
  status.state = findings.empty() ? model::State::compliant : model::State::drift;
  status.http_status = 200;
  status.evidence = model::Evidence::record;
  status.judged_by_current_policy = true;
  status.last_poll = status.last_success = at("2026-11-24T05:59:00Z");
  status.last_success_steady = base::SteadyTime(std::chrono::minutes(119));
  if (!findings.empty())
    status.findings = std::make_shared<const model::Findings>(std::move(findings));
  return status;
}

model::KeyStatus failed(model::State state, model::Reason reason, const std::string& message) {
  model::KeyStatus status;
  status.state = state;
  status.reason = reason;
  status.http_status = 403;
  status.last_poll = at("2026-11-24T05:59:00Z");
  status.message = std::make_shared<const std::string>(message);
  return status;
}

model::Finding finding(model::FindingKind kind, model::Severity severity, std::string role,
                       std::string expected, std::string actual) {
  model::Finding finding;
  finding.kind = kind;
  finding.severity = severity;
  finding.role = std::move(role);
  finding.expected = std::move(expected);
  finding.actual = std::move(actual);
  finding.since = at("2026-11-24T03:00:00Z");
  return finding;
}

model::Snapshot snapshot(std::vector<model::Key> keys,
                         const std::vector<model::KeyStatus>& statuses) {
  return test::snapshot_of({test::organization_of("acme", test::kOrganization, std::move(keys))},
                           statuses);
}

std::string status_page(model::Snapshot snapshot, const Filter& filter,
                        std::vector<incident::SharedAlert> firing) {
  const StatusView view{std::move(snapshot), {}, std::move(firing), filter};
  std::string page;
  write_status_page(view, [&](std::string_view block) {
    page += block;
    return true;
  });
  return page;
}

std::string skeleton_of(const std::string& html) {
  std::string skeleton;
  bool tag = false;
  bool quoted = false;
  for (const char symbol : html) {
    if (!tag && symbol == '<') tag = true;
    if (tag && symbol == '"') quoted = !quoted;
    if (tag && (!quoted || symbol == '"')) skeleton += symbol;
    if (tag && !quoted && symbol == '>') tag = false;
  }
  return skeleton;
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

}  // namespace aka::page::testing
