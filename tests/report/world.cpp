// The world that the golden files show.
#include "report/world.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "support/audited.h"

namespace aka::test {
namespace {

using model::Finding;
using model::FindingKind;
using model::KeyStatus;
using model::Reason;
using model::Severity;
using model::State;

const std::string kOnProject = "@" + std::string(kProject);

model::Key named(model::Key key, std::string name, std::string owner = {}) {
  key.name = std::move(name);
  key.owner = std::make_shared<const std::string>(std::move(owner));
  return key;
}

model::Policy exact_policy() {
  model::Policy policy;
  policy.name = "ci-deployer";
  policy.description = model::DescriptionRule(std::string("ci deployer's key"));
  policy.roles =
      model::RoleRules{patterns({"ORG_MEMBER", "GROUP_OWNER" + kOnProject}), {}, {}, true};
  return policy;
}

model::Policy open_policy() {
  model::Policy policy;
  policy.description = model::DescriptionRule(base::TextPattern::compile("^report .*").value());
  policy.roles = model::RoleRules{patterns({"ORG_READ_ONLY"}), patterns({"GROUP_READ_ONLY@*"}),
                                  patterns({"*_OWNER"})};
  return policy;
}

Finding finding(FindingKind kind, Severity severity, std::string role, std::string project,
                std::string expected, std::string actual) {
  return {kind,
          severity,
          std::move(role),
          std::move(project),
          std::move(expected),
          std::move(actual),
          at("2026-11-24T05:47:18Z"),
          false};
}

KeyStatus judged(State state, model::Findings findings, int http_status = 200) {
  KeyStatus status;
  status.state = state;
  status.http_status = static_cast<std::int16_t>(http_status);
  status.evidence = model::Evidence::record;
  status.judged_by_current_policy = true;
  status.last_poll = status.last_success = at("2026-11-24T05:59:00Z");
  if (!findings.empty()) {
    status.findings = std::make_shared<const model::Findings>(std::move(findings));
  }
  return status;
}

KeyStatus failed(State state, Reason reason, int http_status, std::string message) {
  KeyStatus status;
  status.state = state;
  status.reason = reason;
  status.http_status = static_cast<std::int16_t>(http_status);
  status.last_poll = at("2026-11-24T05:59:00.250Z");
  status.message = std::make_shared<const std::string>(std::move(message));
  return status;
}

KeyStatus waived_owner() {
  model::Findings findings{finding(FindingKind::role_forbidden, Severity::critical, "ORG_OWNER", "",
                                   "no *_OWNER", "ORG_OWNER")};
  findings.front().waived = true;
  return judged(State::compliant, findings);
}

model::Waiver waiver(std::string role, std::string project, std::string_view until,
                     std::string reason, std::string ticket) {
  model::Waiver waiver;
  waiver.kind = FindingKind::role_forbidden;
  waiver.role = std::move(role);
  waiver.project_id = std::move(project);
  waiver.until = at(until);
  waiver.reason = std::move(reason);
  waiver.ticket = std::move(ticket);
  return waiver;
}

/// One of its waivers forgives what waived_owner() found, one is over, one forgives nothing.
model::Key waived(model::Key key) {
  const std::vector<model::Waiver> waivers{
      waiver("ORG_OWNER", "", "2027-01-31T00:00:00Z", "migration", "SEC-7"),
      waiver("GROUP_OWNER", std::string(kProject), "2026-11-01T00:00:00Z", "old migration", ""),
      waiver("GROUP_OWNER", std::string(kOtherProject), "2027-01-31T00:00:00Z", "trial", "SEC-9")};
  key.waivers = std::make_shared<const std::vector<model::Waiver>>(waivers);
  return key;
}

KeyStatus drifting_ci() {
  const std::string other(kOtherProject);
  return judged(
      State::drift,
      {finding(FindingKind::role_unexpected, Severity::critical, "GROUP_CLUSTER_MANAGER", other, "",
               "GROUP_CLUSTER_MANAGER@" + other),
       finding(FindingKind::role_missing, Severity::warning, "ORG_MEMBER", "", "ORG_MEMBER", ""),
       finding(FindingKind::description_mismatch, Severity::info, "", "", "ci deployer's key",
               "")});
}

KeyStatus drifting_reports() {
  return judged(State::drift, {finding(FindingKind::role_missing, Severity::warning,
                                       "ORG_READ_ONLY", "", "ORG_READ_ONLY", ""),
                               finding(FindingKind::description_mismatch, Severity::info, "", "",
                                       "{regex: '^report .*'}",
                                       "all well\x1b[2J\x1b]0;owned\x07\n\u202Eadmin\u0085 \xff")});
}

KeyStatus missing() {
  KeyStatus status = judged(
      State::not_found,
      {finding(FindingKind::key_missing, Severity::critical, "", "", "the key", "no such key")},
      400);
  status.reason = Reason::key_missing;
  return status;
}

/// One key that nobody listed.
std::shared_ptr<const model::Discovery> discovered() {
  model::UnmanagedKey key;
  key.id = model::KeyId::parse("64aa11bb22cc33dd44ee55ff").value();
  key.description = "legacy <deployer>";
  key.public_key = "legacyke";
  key.roles = roles({"ORG_OWNER"});
  key.presences = 2;
  key.finding = finding(FindingKind::unmanaged_key, Severity::warning, "", "",
                        "a key that the configuration lists", "'legacy <deployer>' with ORG_OWNER");
  model::Discovery discovery;
  discovery.unmanaged = {key};
  discovery.last_complete = at("2026-11-24T05:58:00Z");
  return std::make_shared<const model::Discovery>(discovery);
}

std::shared_ptr<const model::Discovery> broken_off() {
  model::Discovery discovery;
  discovery.failure = "the service fails with HTTP 500 (page 2)\x1b[31m";
  return std::make_shared<const model::Discovery>(discovery);
}

}  // namespace

model::Organization organization_of(std::string name, std::string_view id,
                                    std::vector<model::Key> keys) {
  model::Organization organization;
  organization.id = model::OrganizationId::parse(id).value();
  organization.name = std::move(name);
  organization.owner = std::make_shared<const std::string>();
  organization.keys = std::move(keys);
  return organization;
}

model::Snapshot snapshot_of(std::vector<model::Organization> organizations,
                            const std::vector<KeyStatus>& statuses) {
  auto roster = std::make_shared<model::Roster>();
  for (model::Organization& organization : organizations) {
    organization.first_key = roster->key_count;
    roster->key_count += organization.keys.size();
  }
  roster->organizations = std::move(organizations);

  model::Snapshot snapshot;
  for (std::size_t first = 0; first < statuses.size(); first += model::kChunkSize) {
    auto chunk = std::make_shared<model::Chunk>();
    const std::size_t count = std::min(model::kChunkSize, statuses.size() - first);
    std::copy_n(statuses.begin() + static_cast<std::ptrdiff_t>(first), count, chunk->begin());
    snapshot.chunks.push_back(std::move(chunk));
  }
  snapshot.organizations.resize(roster->organizations.size());
  for (model::OrganizationStatus& status : snapshot.organizations) {
    status.effective_interval = std::chrono::minutes(5);
    status.detection_bound = std::chrono::milliseconds(330'500);
  }
  snapshot.roster = std::move(roster);
  snapshot.wall = at("2026-11-24T06:00:00Z");
  snapshot.steady = base::SteadyTime(std::chrono::hours(2));
  return snapshot;
}

model::Snapshot small_world() {
  std::vector<model::Key> prod{
      named(key(exact_policy(), "64aa11bb22cc33dd44ee55f1"), "ci", "build-team"),
      named(absent_key("64aa11bb22cc33dd44ee55f2"), "old-ci"),
      named(key(open_policy(), "64aa11bb22cc33dd44ee55f3"), "reports", "data-team"),
      waived(named(key(open_policy(), "64aa11bb22cc33dd44ee55f4"), "dashboards")),
      named(key(exact_policy(), "64aa11bb22cc33dd44ee55f5"), "backup"),
  };
  std::vector<model::Key> test{
      named(key(exact_policy(), "64aa11bb22cc33dd44ee55a1"), "ci"),
      named(key(open_policy(), "64aa11bb22cc33dd44ee55a2"), "nightly"),
      key(open_policy(), "64aa11bb22cc33dd44ee55a3"),
      key(open_policy(), "64aa11bb22cc33dd44ee55a4"),
  };
  model::Snapshot snapshot = snapshot_of(
      {organization_of("prod", kOrganization, prod),
       organization_of("test", "5f1a2b3c4d5e6f7a8b9c0d1f", test)},
      {drifting_ci(),
       judged(State::compliant, {}, 400),
       drifting_reports(),
       waived_owner(),
       missing(),
       failed(State::forbidden, Reason::ip_not_on_access_list, 403,
              "the service refuses this machine's address: add it to the access list of the "
              "credential 'test'"),
       failed(State::error, Reason::timeout, 0, "no answer within 10s\x1b[31m"),
       {},
       judged(State::compliant, {})});
  snapshot.organizations[0].rate_limit_remaining = 97;
  snapshot.organizations[0].discovery = discovered();
  snapshot.organizations[1].discovery = broken_off();
  return snapshot;
}

std::string golden(const std::string& name, const std::string& actual) {
  const std::string path = name.find('/') == std::string::npos
                               ? std::string(AKA_TEST_DATA) + "/" + name
                               : std::string(AKA_SOURCE_DIR) + "/" + name;
  if (std::getenv("AKA_WRITE_GOLDEN") != nullptr) std::ofstream(path) << actual;
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace aka::test
