// Every way in which a configuration can become weaker, and the changes that are none.
#include "policy/compare.h"

#include <doctest/doctest.h>

#include "support/audited.h"

namespace aka::policy {
namespace {

using namespace std::chrono_literals;

const base::WallTime kNow = test::at("2026-11-24T06:00:00Z");

model::Policy rules(std::vector<std::string> required, std::vector<std::string> allowed = {},
                    std::vector<std::string> forbidden = {}) {
  model::Policy policy;
  policy.roles =
      model::RoleRules{test::patterns(std::move(required)), test::patterns(std::move(allowed)),
                       test::patterns(std::move(forbidden))};
  return policy;
}

model::Policy described(std::optional<model::DescriptionRule> rule) {
  model::Policy policy;
  policy.description = std::move(rule);
  return policy;
}

model::DescriptionRule exact(std::string text) { return text; }
model::DescriptionRule regex(const std::string& text) {
  return base::TextPattern::compile(text).value();
}

model::Policy severe(model::FindingKind kind, std::optional<model::Severity> severity) {
  model::Policy policy;
  policy.severity[static_cast<std::size_t>(kind)] = severity;
  return policy;
}

model::Organization organization_of(std::vector<model::Key> keys) {
  model::Organization organization;
  organization.id = model::OrganizationId::parse(test::kOrganization).value();
  organization.name = "prod";
  organization.interval = 5min;
  organization.keys = std::move(keys);
  return organization;
}

Demands demands_of(std::vector<model::Organization> organizations) {
  return {std::make_shared<const model::Roster>(model::Roster{std::move(organizations), 0}), 3, 2};
}

model::Key waived(std::string_view until, std::string role = "ORG_OWNER") {
  model::Waiver waiver;
  waiver.role = std::move(role);
  waiver.until = test::at(until);
  model::Key key = test::key({});
  key.waivers = std::make_shared<const std::vector<model::Waiver>>(std::vector{waiver});
  return key;
}

model::Key waived_text(std::string actual) {
  model::Waiver waiver;
  waiver.kind = model::FindingKind::description_mismatch;
  waiver.actual = std::move(actual);
  waiver.until = test::at("2027-01-01T00:00:00Z");
  model::Key key = test::key({});
  key.waivers = std::make_shared<const std::vector<model::Waiver>>(std::vector{waiver});
  return key;
}

std::vector<std::string> told(const std::vector<Weakening>& found) {
  std::vector<std::string> lines;
  for (const Weakening& one : found)
    lines.push_back(std::string(to_string(one.kind)) +
                    (one.detail.empty() ? "" : " " + one.detail));
  return lines;
}

using Lines = std::vector<std::string>;

TEST_CASE("a policy that asks for less is told what for") {
  using model::FindingKind;
  using model::Severity;
  struct Case {
    std::string name;
    model::Policy before;
    model::Policy after;
    Lines expected;
  };
  const std::vector<Case> cases{
      {"the same", rules({"A"}, {"B"}, {"C"}), rules({"A"}, {"B"}, {"C"}), {}},
      {"another order", rules({"A", "B"}), rules({"B", "A"}), {}},
      {"a role allowed", rules({"A"}), rules({"A"}, {"B"}), {"role_allowed B"}},
      {"a wider pattern", rules({}, {"ORG_READ*"}), rules({}, {"ORG_*"}), {"role_allowed ORG_*"}},
      {"a narrower pattern", rules({}, {"ORG_*"}), rules({}, {"ORG_READ*"}), {}},
      {"a project's role on any project",
       rules({}, {"A@5f1a2b3c4d5e6f7a8b9c0d2f"}),
       rules({}, {"A@*"}),
       {"role_allowed A@*"}},
      {"one project of any", rules({}, {"A@*"}), rules({}, {"A@5f1a2b3c4d5e6f7a8b9c0d2f"}), {}},
      {"allowed and still forbidden", rules({}, {"A"}, {"B"}), rules({}, {"A", "B"}, {"B"}), {}},
      {"no longer forbidden", rules({"A"}, {}, {"B"}), rules({"A"}), {"role_not_forbidden B"}},
      {"forbidden by a wider pattern", rules({}, {"A"}, {"B_C"}), rules({}, {"A"}, {"B_*"}), {}},
      {"an allowed role freed of what forbade it",
       rules({}, {"A"}, {"A"}),
       rules({}, {"A"}),
       {"role_allowed A", "role_not_forbidden A"}},
      {"required, now allowed", rules({"A", "B"}), rules({"A"}, {"B"}), {"role_not_required B"}},
      {"a required pattern narrowed", rules({"A_*"}), rules({"A_B"}), {}},
      {"a required pattern widened",
       rules({"A_B"}),
       rules({"A_*"}),
       {"role_allowed A_*", "role_not_required A_B"}},
      {"roles no longer checked", rules({"A"}), {}, {"check_dropped roles"}},
      {"roles newly checked", {}, rules({"A"}), {}},
      {"description no longer checked", described(exact("a")), {}, {"check_dropped description"}},
      {"another text", described(exact("a")), described(exact("b")), {}},
      {"a text of what fits", described(regex("a.*")), described(exact("ab")), {}},
      {"what fits for a text",
       described(exact("ab")),
       described(regex("a.*")),
       {"description_loosened now whatever fits a.*"}},
      {"another expression",
       described(regex("a.")),
       described(regex("a.*")),
       {"description_loosened now whatever fits a.*"}},
      {"a severity set low",
       {},
       severe(FindingKind::role_forbidden, Severity::info),
       {"severity_lowered role_forbidden: critical, now info"}},
      {"a severity set to the lesser of two",
       {},
       severe(FindingKind::role_unexpected, Severity::warning),
       {"severity_lowered role_unexpected: critical, now warning"}},
      {"a high severity taken back",
       severe(FindingKind::role_unexpected, Severity::critical),
       {},
       {"severity_lowered role_unexpected: critical, now warning"}},
      {"a severity set high", {}, severe(FindingKind::role_missing, Severity::critical), {}},
  };
  for (const Case& row : cases) {
    CAPTURE(row.name);
    CHECK(told(weakenings(row.before, row.after)) == row.expected);
  }
}

TEST_CASE("a key that is asked for less is named") {
  model::Key pinned = test::key({});
  pinned.public_key = "abcdwxyz";
  struct Case {
    std::string name;
    std::vector<model::Key> before;
    std::vector<model::Key> after;
    Lines expected;
  };
  const std::vector<Case> cases{
      {"not listed any more", {test::key({})}, {}, {"key_unwatched"}},
      {"newly listed", {}, {test::key({})}, {}},
      {"may be there again", {test::absent_key()}, {test::key({})}, {"absence_not_expected"}},
      {"must be gone", {pinned}, {test::absent_key()}, {}},
      {"public key not checked", {pinned}, {test::key({})}, {"check_dropped public_key"}},
      {"waived",
       {test::key({})},
       {waived("2027-01-01T00:00:00Z")},
       {"waiver_added role_forbidden ORG_OWNER until 2027-01-01T00:00:00Z"}},
      {"waived for longer",
       {waived("2027-01-01T00:00:00Z")},
       {waived("2027-02-01T00:00:00Z")},
       {"waiver_extended role_forbidden ORG_OWNER until 2027-02-01T00:00:00Z"}},
      {"waived for shorter",
       {waived("2027-02-01T00:00:00Z")},
       {waived("2027-01-01T00:00:00Z")},
       {}},
      {"waived again after it was over",
       {waived("2026-11-01T00:00:00Z")},
       {waived("2027-01-01T00:00:00Z")},
       {"waiver_added role_forbidden ORG_OWNER until 2027-01-01T00:00:00Z"}},
      {"a waiver that is over", {test::key({})}, {waived("2026-11-24T06:00:00Z")}, {}},
      {"another role waived",
       {waived("2027-01-01T00:00:00Z")},
       {waived("2027-01-01T00:00:00Z", "ORG_MEMBER")},
       {"waiver_added role_forbidden ORG_MEMBER until 2027-01-01T00:00:00Z"}},
      {"the same text waived", {waived_text("ci")}, {waived_text("ci")}, {}},
      {"another text waived",
       {waived_text("ci")},
       {waived_text("ci, and more")},
       {"waiver_added description_mismatch until 2027-01-01T00:00:00Z"}},
      {"a weaker policy",
       {test::key(rules({"A"}))},
       {test::key(rules({"A"}, {"B"}))},
       {"role_allowed B"}},
  };
  for (const Case& row : cases) {
    CAPTURE(row.name);
    const auto found = weakenings(demands_of({organization_of(row.before)}),
                                  demands_of({organization_of(row.after)}), kNow);
    CHECK(told(found) == row.expected);
    for (const Weakening& one : found) {
      CHECK(one.organization == "prod");
      CHECK(one.key_id == test::kKey);
    }
  }
}

TEST_CASE("an organization that is watched less is named") {
  model::Organization watched = organization_of({test::key({})});
  watched.discover = true;
  model::Organization less = organization_of({test::key({})});
  less.interval = 1h;
  const Demands before = demands_of({watched});
  const Demands after = demands_of({less});
  CHECK(told(weakenings(before, after, kNow)) ==
        Lines{"interval_lengthened 5m, now 1h", "discovery_off"});
  CHECK(told(weakenings(after, before, kNow)).empty());
  CHECK(told(weakenings(before, demands_of({}), kNow)) == Lines{"discovery_off", "key_unwatched"});
}

TEST_CASE("more patience is less, in each organization that stays") {
  model::Organization other = organization_of({});
  other.id = model::OrganizationId::parse("5f1a2b3c4d5e6f7a8b9c0d1f").value();
  other.name = "test";
  const Demands before = demands_of({organization_of({}), other});
  Demands after = demands_of({organization_of({}), other});
  after.stale_after = 5;
  CHECK(told(weakenings(before, after, kNow)) ==
        Lines{"stale_after_raised 3, now 5", "stale_after_raised 3, now 5"});
  CHECK(weakenings(before, after, kNow)[1].organization == "test");
  CHECK(weakenings(after, before, kNow).empty());

  after = demands_of({other});
  after.confirm = 3;
  CHECK(told(weakenings(before, after, kNow)) == Lines{"confirm_raised 2, now 3"});
  CHECK(weakenings(after, before, kNow).empty());
}

}  // namespace
}  // namespace aka::policy
