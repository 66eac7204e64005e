// Every row of the table of findings, and every form of a pattern, as tables.
#include "policy/judge.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "policy/check_table.h"
#include "support/audited.h"

namespace aka::policy {
namespace {

using model::FindingKind;
using model::Severity;
using test::kOtherProject;
using test::kProject;

const base::WallTime kNow = test::at("2026-11-24T05:47:18Z");

std::string describe(const model::Findings& findings) {
  std::string text;
  for (const model::Finding& finding : findings) {
    text += fmt::format("{} {} [{}][{}] -{} +{}{}\n", to_string(finding.kind),
                        to_string(finding.severity), finding.role, finding.project_id,
                        finding.expected, finding.actual, finding.waived ? " waived" : "");
  }
  return text;
}

std::string judged(const model::Key& key, const model::KeyRecord& record) {
  return describe(judge(key, &record, kNow));
}

model::Policy policy_of(model::RoleRules rules) {
  model::Policy policy;
  policy.roles = std::move(rules);
  return policy;
}

model::Policy policy_of(model::DescriptionRule rule) {
  model::Policy policy;
  policy.description = std::move(rule);
  return policy;
}

struct RoleCase {
  std::string name;
  std::vector<std::string> required, allowed, forbidden;
  std::vector<model::Role> held;
  std::string findings;
};

const std::string kOn = fmt::format("@{}", kProject);
const std::string kOnOther = fmt::format("@{}", kOtherProject);

TEST_CASE("roles are judged by required, allowed and forbidden") {
  const std::vector<RoleCase> cases{
      {"no role where none is asked for", {}, {}, {}, {}, ""},
      {"a required role is there", {"ORG_MEMBER"}, {}, {}, test::roles({"ORG_MEMBER"}), ""},
      {"a required role is gone",
       {"ORG_MEMBER"},
       {},
       {},
       {},
       "role_missing warning [ORG_MEMBER][] -ORG_MEMBER +\n"},
      {"a required role on a project is not met on another",
       {"GROUP_OWNER" + kOn},
       {"GROUP_*@*"},
       {},
       {test::role("GROUP_OWNER" + kOnOther)},
       fmt::format("role_missing warning [GROUP_OWNER][{0}] -GROUP_OWNER@{0} +\n", kProject)},
      {"a missing pattern is told as written",
       {"GROUP_READ_*@*", "ORG_*_ADMIN"},
       {},
       {},
       {},
       "role_missing warning [GROUP_READ_*][*] -GROUP_READ_*@* +\n"
       "role_missing warning [ORG_*_ADMIN][] -ORG_*_ADMIN +\n"},
      {"one match of a required pattern is enough, and each match is expected",
       {"GROUP_READ_ONLY@*"},
       {},
       {},
       {test::role("GROUP_READ_ONLY" + kOn), test::role("GROUP_READ_ONLY" + kOnOther)},
       ""},
      {"an allowed role may be there",
       {},
       {"ORG_MEMBER", "GROUP_READ_ONLY" + kOn},
       {},
       {test::role("ORG_MEMBER"), test::role("GROUP_READ_ONLY" + kOn)},
       ""},
      {"an organization pattern does not cover projects, nor the reverse",
       {},
       {"GROUP_OWNER", "ORG_MEMBER@*"},
       {},
       {test::role("GROUP_OWNER" + kOn), test::role("ORG_MEMBER")},
       fmt::format("role_unexpected critical [GROUP_OWNER][{0}] - +GROUP_OWNER@{0}\n"
                   "role_unexpected critical [ORG_MEMBER][] - +ORG_MEMBER\n",
                   kProject)},
      {"an unexpected role that widens is critical",
       {"ORG_READ_ONLY"},
       {},
       {},
       test::roles({"ORG_READ_ONLY", "ORG_OWNER"}),
       "role_unexpected critical [ORG_OWNER][] - +ORG_OWNER\n"},
      {"an unexpected role that adds nothing is a warning",
       {"ORG_READ_ONLY"},
       {},
       {},
       {test::role("ORG_READ_ONLY"), test::role("GROUP_READ_ONLY" + kOn)},
       fmt::format("role_unexpected warning [GROUP_READ_ONLY][{0}] - +GROUP_READ_ONLY@{0}\n",
                   kProject)},
      {"an unknown name widens, whatever is required",
       {"ORG_OWNER"},
       {},
       {},
       test::roles({"ORG_OWNER", "ORG_NEWS"}),
       "role_unexpected critical [ORG_NEWS][] - +ORG_NEWS\n"},
      {"a role of unknown scope is unexpected, whatever is allowed",
       {},
       {"*", "*@*"},
       {},
       test::roles({"ORG_MEMBER@unknown"}),
       "role_unexpected critical [ORG_MEMBER][unknown] - +ORG_MEMBER@unknown\n"},
      {"forbidden beats allowed, and is one finding",
       {},
       {"ORG_*", "GROUP_*@*"},
       {"*_OWNER", "GROUP_OWNER@*", "GROUP_OWNER" + kOn},
       {test::role("ORG_OWNER"), test::role("GROUP_OWNER" + kOn), test::role("ORG_MEMBER")},
       fmt::format("role_forbidden critical [GROUP_OWNER][{0}] -no GROUP_OWNER@* +GROUP_OWNER@{0}\n"
                   "role_forbidden critical [ORG_OWNER][] -no *_OWNER +ORG_OWNER\n",
                   kProject)},
      {"a role forbidden on one project only",
       {},
       {"GROUP_OWNER@*"},
       {"GROUP_OWNER" + kOn},
       {test::role("GROUP_OWNER" + kOn), test::role("GROUP_OWNER" + kOnOther)},
       fmt::format("role_forbidden critical [GROUP_OWNER][{0}] -no GROUP_OWNER@{0} "
                   "+GROUP_OWNER@{0}\n",
                   kProject)},
      {"kinds come in one order, whatever the order of roles",
       {"ORG_MEMBER"},
       {},
       {"GROUP_OWNER@*"},
       {test::role("ORG_OWNER"), test::role("GROUP_OWNER" + kOn), test::role("ORG_OWNER")},
       fmt::format("role_forbidden critical [GROUP_OWNER][{0}] -no GROUP_OWNER@* +GROUP_OWNER@{0}\n"
                   "role_unexpected critical [ORG_OWNER][] - +ORG_OWNER\n"
                   "role_missing warning [ORG_MEMBER][] -ORG_MEMBER +\n",
                   kProject)},
  };
  for (const RoleCase& row : cases) {
    CAPTURE(row.name);
    const model::Key key = test::key(policy_of(model::RoleRules{
        test::patterns(row.required), test::patterns(row.allowed), test::patterns(row.forbidden)}));
    CHECK(judged(key, test::record(row.held)) == row.findings);
  }
}

TEST_CASE("a policy without roles judges none") {
  CHECK(judged(test::key({}), test::record(test::roles({"ORG_OWNER"}))).empty());
}

TEST_CASE("the description is exact or fits an expression as a whole") {
  const auto regex = [](const char* text) { return base::TextPattern::compile(text).value(); };
  struct Case {
    std::string name;
    model::DescriptionRule rule;
    std::string description;
    std::string findings;
  };
  const std::vector<Case> cases{
      {"the same text", "ci deployer", "ci deployer", ""},
      {"case counts", "ci deployer", "CI deployer",
       "description_mismatch info [][] -ci deployer +CI deployer\n"},
      {"an absent description is an empty one", "ci deployer", "",
       "description_mismatch info [][] -ci deployer +\n"},
      {"an empty description can be asked for", "", "", ""},
      {"a text that fits", regex("^ci .*"), "ci deployer", ""},
      {"a part that fits is not enough", regex("ci"), "ci deployer",
       "description_mismatch info [][] -{regex: 'ci'} +ci deployer\n"},
      {"an exact text is no expression", "ci.*", "ci deployer",
       "description_mismatch info [][] -ci.* +ci deployer\n"},
      {"what looks like a secret is not repeated", "ci", "01234567-89ab-cdef-0123-456789abcdef",
       "description_mismatch info [][] -ci +(hidden: it looks like a secret)\n"},
  };
  for (const Case& row : cases) {
    CAPTURE(row.name);
    CHECK(judged(test::key(policy_of(row.rule)), test::record({}, row.description)) ==
          row.findings);
  }
}

TEST_CASE("a text from outside is cut between characters, and its length told") {
  std::string snowmen;
  for (int i = 0; i < 250; ++i) snowmen += "☃";
  CHECK(shortened(snowmen) == snowmen);
  CHECK(shortened(snowmen + "☃☃") == snowmen + "… (756 bytes in all)");
  CHECK(shortened(std::string(5000, '\x80')) ==
        std::string(1000, '\x80') + "… (5000 bytes in all)");
}

TEST_CASE("another public key under the id is a finding where one is configured") {
  model::Key key = test::key({});
  CHECK(judged(key, test::record({})).empty());
  key.public_key = "abcdwxyz";
  CHECK(judged(key, test::record({})).empty());
  key.public_key = "other123";
  CHECK(judged(key, test::record({})) == "public_key_changed critical [][] -other123 +abcdwxyz\n");
  model::KeyRecord record = test::record({});
  record.public_key.clear();
  CHECK(judged(key, record).empty());
}

TEST_CASE("an exposed private key is a finding of every key, and its value stays out") {
  model::KeyRecord record = test::record({});
  record.private_key_exposed = true;
  CHECK(judged(test::key({}), record) ==
        "private_key_exposed critical [][] -a redacted private key +the private key in full\n");
  CHECK(judged(test::absent_key(), record).find("private_key_exposed") != std::string::npos);
}

TEST_CASE("a missing key is a finding exactly if it is expected") {
  CHECK(describe(judge(test::key({}), nullptr, kNow)) ==
        "key_missing critical [][] -the key +no such key\n");
  CHECK(judge(test::absent_key(), nullptr, kNow).empty());
}

TEST_CASE("a key that must stay deleted is a finding that says what it holds") {
  CHECK(judged(test::absent_key(), test::record(test::roles({"ORG_OWNER", "ORG_MEMBER"}), "old")) ==
        "key_present critical [][] -no such key +'old' with ORG_MEMBER, ORG_OWNER\n");
  CHECK(judged(test::absent_key(), test::record({})) ==
        "key_present critical [][] -no such key +'' with no role\n");
}

TEST_CASE("a policy overrides the default severity of each kind") {
  for (const FindingKind kind : {FindingKind::role_unexpected, FindingKind::role_missing}) {
    for (const Severity severity : {Severity::info, Severity::warning, Severity::critical}) {
      model::Policy policy = policy_of(model::RoleRules{test::patterns({"ORG_MEMBER"}), {}, {}});
      policy.severity[static_cast<std::size_t>(kind)] = severity;
      const model::KeyRecord record = test::record(test::roles({"ORG_OWNER"}));
      for (const model::Finding& finding : judge(test::key(policy), &record, kNow)) {
        if (finding.kind == kind) CHECK(finding.severity == severity);
      }
    }
  }
}

TEST_CASE("a finding is dated at the judgement and waived if a waiver binds it") {
  model::Key key = test::key(policy_of(model::RoleRules{}));
  key.waivers = std::make_shared<const std::vector<model::Waiver>>(
      1, model::Waiver{FindingKind::role_unexpected, "ORG_OWNER", "", "",
                       kNow + std::chrono::hours(1), "migration", ""});
  const model::KeyRecord record = test::record(test::roles({"ORG_MEMBER", "ORG_OWNER"}));
  const model::Findings findings = judge(key, &record, kNow);
  REQUIRE(findings.size() == 2);
  CHECK(findings[0].since == kNow);
  CHECK_FALSE(findings[0].waived);
  CHECK(findings[1].waived);
}

}  // namespace
}  // namespace aka::policy
