// What a waiver binds, until when, and in which state it is.
#include "policy/waivers.h"

#include <doctest/doctest.h>

#include "support/audited.h"

namespace aka::policy {
namespace {

using model::FindingKind;
using test::kProject;

const base::WallTime kUntil = test::at("2027-02-01T00:00:00Z");

model::Waiver waiver(FindingKind kind, std::string role = {}, std::string project = {},
                     std::string actual = {}) {
  return {kind, std::move(role), std::move(project), std::move(actual), kUntil, "why", ""};
}

model::Finding finding(FindingKind kind, std::string role = {}, std::string project = {},
                       std::string actual = {}) {
  model::Finding result;
  result.kind = kind;
  result.role = std::move(role);
  result.project_id = std::move(project);
  result.actual = std::move(actual);
  return result;
}

model::Key key_with(std::vector<model::Waiver> waivers) {
  model::Key key = test::key({});
  key.waivers = std::make_shared<const std::vector<model::Waiver>>(std::move(waivers));
  return key;
}

TEST_CASE("a waiver binds one finding, letter for letter") {
  const std::string project(kProject);
  struct Case {
    std::string name;
    model::Waiver waiver;
    model::Finding finding;
    bool binds;
  };
  const std::vector<Case> cases{
      {"the same", waiver(FindingKind::role_forbidden, "GROUP_OWNER", project),
       finding(FindingKind::role_forbidden, "GROUP_OWNER", project), true},
      {"another kind", waiver(FindingKind::role_unexpected, "GROUP_OWNER", project),
       finding(FindingKind::role_forbidden, "GROUP_OWNER", project), false},
      {"another project", waiver(FindingKind::role_forbidden, "GROUP_OWNER", project),
       finding(FindingKind::role_forbidden, "GROUP_OWNER", std::string(test::kOtherProject)),
       false},
      {"the organization is not a project", waiver(FindingKind::role_forbidden, "GROUP_OWNER"),
       finding(FindingKind::role_forbidden, "GROUP_OWNER", project), false},
      {"no wildcards in the role", waiver(FindingKind::role_forbidden, "*", project),
       finding(FindingKind::role_forbidden, "GROUP_OWNER", project), false},
      {"no wildcards in the project", waiver(FindingKind::role_forbidden, "GROUP_OWNER", "*"),
       finding(FindingKind::role_forbidden, "GROUP_OWNER", project), false},
      {"a missing pattern as written", waiver(FindingKind::role_missing, "GROUP_*", "*"),
       finding(FindingKind::role_missing, "GROUP_*", "*"), true},
      {"the actual text of a role says nothing", waiver(FindingKind::role_forbidden, "ORG_OWNER"),
       finding(FindingKind::role_forbidden, "ORG_OWNER", "", "ORG_OWNER"), true},
      {"the description forgiven", waiver(FindingKind::description_mismatch, "", "", "old"),
       finding(FindingKind::description_mismatch, "", "", "old"), true},
      {"another description", waiver(FindingKind::description_mismatch, "", "", "old"),
       finding(FindingKind::description_mismatch, "", "", "new"), false},
      {"another public key", waiver(FindingKind::public_key_changed, "", "", "abcdwxyz"),
       finding(FindingKind::public_key_changed, "", "", "abcdwxyy"), false},
  };
  for (const Case& row : cases) {
    CAPTURE(row.name);
    CHECK(binds(row.waiver, row.finding) == row.binds);
    CHECK(is_waived(row.finding, key_with({row.waiver}), kUntil - std::chrono::seconds(1)) ==
          row.binds);
  }
}

TEST_CASE("a waiver forgives up to its instant and not at it") {
  const model::Key key = key_with({waiver(FindingKind::role_forbidden, "ORG_OWNER")});
  const model::Finding found = finding(FindingKind::role_forbidden, "ORG_OWNER");
  CHECK(is_waived(found, key, kUntil - std::chrono::milliseconds(1)));
  CHECK_FALSE(is_waived(found, key, kUntil));
  CHECK_FALSE(is_waived(found, test::key({}), kUntil - std::chrono::hours(1)));
}

TEST_CASE("a waiver is expired, else unused, else expiring, else active") {
  const model::Waiver forgiving = waiver(FindingKind::role_forbidden, "ORG_OWNER");
  model::KeyStatus unpolled;
  model::KeyStatus clean;
  clean.evidence = model::Evidence::record;
  clean.judged_by_current_policy = true;
  model::KeyStatus used = clean;
  used.findings =
      std::make_shared<const model::Findings>(1, finding(FindingKind::role_forbidden, "ORG_OWNER"));
  model::KeyStatus outdated = clean;
  outdated.judged_by_current_policy = false;

  struct Case {
    std::string name;
    const model::KeyStatus& status;
    base::WallTime now;
    model::WaiverState state;
  };
  const base::WallTime early = kUntil - std::chrono::days(7) - std::chrono::milliseconds(1);
  const std::vector<Case> cases{
      {"in use, long to go", used, early, model::WaiverState::active},
      {"in use, 7 days to go", used, kUntil - std::chrono::days(7), model::WaiverState::expiring},
      {"nothing to forgive", clean, early, model::WaiverState::unused},
      {"nothing to forgive, soon over", clean, kUntil - std::chrono::days(1),
       model::WaiverState::unused},
      {"not polled yet", unpolled, early, model::WaiverState::active},
      {"not judged by this policy yet", outdated, early, model::WaiverState::active},
      {"over, used or not", used, kUntil, model::WaiverState::expired},
      {"over, nothing to forgive", clean, kUntil, model::WaiverState::expired},
  };
  for (const Case& row : cases) {
    CAPTURE(row.name);
    CHECK(to_string(waiver_state(forgiving, row.status, row.now)) == to_string(row.state));
  }
}

}  // namespace
}  // namespace aka::policy
