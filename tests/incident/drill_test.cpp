// What a drill pretends, and that its alert can be told from a real one.
#include "incident/drill.h"

#include <doctest/doctest.h>

#include "incident/book.h"
#include "incident/watched.h"

namespace aka::incident {
namespace {

using model::FindingKind;

const base::WallTime kNow = test::at("2026-11-24T06:00:00Z");

model::Key guarded_key() {
  model::Policy policy;
  policy.roles =
      model::RoleRules{test::patterns({"ORG_READ_ONLY"}), test::patterns({"GROUP_READ_ONLY@*"}),
                       test::patterns({"*_OWNER"})};
  policy.description = "ci";
  model::Key key = test::key(std::move(policy));
  key.name = "ci";
  return key;
}

TEST_CASE("a drill is judged by the key's own policy") {
  struct Case {
    Pretended pretended;
    FindingKind kind;
    model::Severity severity;
  };
  const std::string project = "@" + std::string(test::kProject);
  const std::vector<Case> cases{
      {{Pretence::role_added, "ORG_OWNER"}, FindingKind::role_forbidden, model::Severity::critical},
      {{Pretence::role_added, "GROUP_OWNER" + project},
       FindingKind::role_unexpected,
       model::Severity::critical},
      {{Pretence::role_removed, "ORG_READ_ONLY"},
       FindingKind::role_missing,
       model::Severity::warning},
      {{Pretence::description_changed, "else"},
       FindingKind::description_mismatch,
       model::Severity::info},
  };
  for (const Case& row : cases) {
    CAPTURE(row.pretended.text);
    const auto finding = pretend(row.pretended, guarded_key(), kNow);
    REQUIRE(finding.has_value());
    CHECK(finding->kind == row.kind);
    CHECK(finding->severity == row.severity);
    CHECK(finding->since == kNow);
  }
}

TEST_CASE("what nobody would be told of is refused, with a reason") {
  const std::vector<std::pair<Pretended, std::string>> cases{
      {{Pretence::role_added, "GROUP_READ_ONLY@" + std::string(test::kProject)}, "allows"},
      {{Pretence::role_added, "GROUP_OWNER@payments"}, "is no role"},
      {{Pretence::role_added, "@" + std::string(test::kProject)}, "is no role"},
      {{Pretence::role_removed, "ORG_MEMBER"}, "it requires ORG_READ_ONLY"},
      {{Pretence::description_changed, "ci"}, "nothing against that description"},
  };
  for (const auto& [pretended, why] : cases) {
    CAPTURE(pretended.text);
    const auto finding = pretend(pretended, guarded_key(), kNow);
    REQUIRE_FALSE(finding.has_value());
    CHECK(finding.error().message.find(why) != std::string::npos);
  }
  const auto absent = pretend({Pretence::role_added, "ORG_OWNER"}, test::absent_key(), kNow);
  CHECK(absent.error().message.find("must stay deleted") != std::string::npos);
}

TEST_CASE("a finding that is waived makes no drill") {
  model::Key key = guarded_key();
  model::Waiver waiver;
  waiver.kind = FindingKind::role_forbidden;
  waiver.role = "ORG_OWNER";
  waiver.until = kNow + std::chrono::hours(1);
  key.waivers = std::make_shared<const std::vector<model::Waiver>>(std::vector{waiver});
  const Pretended pretended{Pretence::role_added, "ORG_OWNER"};
  CHECK_FALSE(pretend(pretended, key, kNow).has_value());
  CHECK(pretend(pretended, key, waiver.until).has_value());
}

TEST_CASE("the alert has the labels of the real one and a mark") {
  const model::Organization organization = test::organization_of({guarded_key()});
  const model::Key& key = organization.keys.front();
  Terms terms;
  terms.labels = {{"team", "security"}};
  for (const Pretended& pretended : {Pretended{Pretence::role_added, "ORG_OWNER"},
                                     Pretended{Pretence::role_removed, "ORG_READ_ONLY"}}) {
    const auto finding = pretend(pretended, key, kNow).value();
    const Alert alert = drill_alert(organization, key, finding, terms, kNow);
    CHECK(alert.name == AlertName::key_drift);
    CHECK(alert.labels.at("drill") == "true");
    CHECK(alert.labels.at("team") == "security");
    CHECK(alert.labels.at("role") == pretended.text);
    CHECK(alert.labels.at("kind") == model::to_string(finding.kind));
    CHECK(alert.summary.rfind("DRILL: prod/ci ", 0) == 0);
    CHECK(alert.description.find("This is a drill") == 0);
    const Scope scope = scope_of(alert).value();
    CHECK(scope.drill);
    CHECK_FALSE(scope == Scope{organization.id, key.id});
  }
}

}  // namespace
}  // namespace aka::incident
