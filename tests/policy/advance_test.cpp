// How a status moves by polls, by a new configuration and by time.
#include "policy/advance.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "support/audited.h"

namespace aka::policy {
namespace {

using model::Evidence;
using model::KeyStatus;
using model::Reason;
using model::State;
using test::at;

const base::WallTime kFirst = at("2026-11-24T05:00:00Z");
const base::WallTime kSecond = at("2026-11-24T05:05:00Z");
const base::WallTime kThird = at("2026-11-24T05:10:00Z");
const base::SteadyTime kSteady{std::chrono::hours(5)};

model::Observation observe(model::Answer answer, base::WallTime when, int http_status = 200) {
  return {model::KeyId::parse(test::kKey).value(), std::move(answer), http_status, when, kSteady};
}

model::RoleRules exact(std::vector<std::string> roles) {
  return {test::patterns(std::move(roles)), {}, {}, true};
}

model::Key key_with(model::RoleRules rules, std::vector<model::Waiver> waivers = {}) {
  model::Policy policy;
  policy.roles = std::move(rules);
  model::Key key = test::key(std::move(policy));
  key.waivers = std::make_shared<const std::vector<model::Waiver>>(std::move(waivers));
  return key;
}

model::Waiver forgive_owner(base::WallTime until) {
  return {model::FindingKind::role_unexpected, "ORG_OWNER", "", "", until, "why", ""};
}

const model::KeyRecord kMember = test::record(test::roles({"ORG_MEMBER"}));
const model::KeyRecord kOwner = test::record(test::roles({"ORG_MEMBER", "ORG_OWNER"}));

std::string describe(const Advance& advance) {
  std::string text =
      fmt::format("{}/{}{}", to_string(advance.after.state), to_string(advance.after.reason),
                  advance.state_changed ? " changed" : "");
  for (const Change& change : advance.changes) {
    constexpr const char* kNames[]{"opened", "waived", "lapsed", "closed"};
    text += fmt::format(", {} {} {}", kNames[static_cast<int>(change.kind)],
                        to_string(change.finding.kind), change.finding.role);
  }
  return text;
}

TEST_CASE("a conclusive poll states what it found") {
  const model::Key key = key_with(exact({"ORG_MEMBER"}));
  struct Case {
    std::string name;
    model::Key key;
    model::Answer answer;
    int http_status;
    std::string expected;
    Evidence evidence;
  };
  const std::vector<Case> cases{
      {"as it should be", key, kMember, 200, "compliant/ changed", Evidence::record},
      {"with a finding", key, kOwner, 200, "drift/ changed, opened role_unexpected ORG_OWNER",
       Evidence::record},
      {"gone", key, model::KeyMissing{}, 400, "not_found/key_missing changed, opened key_missing ",
       Evidence::missing},
      {"rightly gone", test::absent_key(), model::KeyMissing{}, 404, "compliant/ changed",
       Evidence::missing},
      {"back again", test::absent_key(), kMember, 200, "drift/ changed, opened key_present ",
       Evidence::record},
  };
  for (const Case& row : cases) {
    CAPTURE(row.name);
    const Advance step = advance({}, row.key, observe(row.answer, kFirst, row.http_status));
    CHECK(describe(step) == row.expected);
    CHECK(step.after.evidence == row.evidence);
    CHECK(step.after.judged_by_current_policy);
    CHECK(step.after.http_status == row.http_status);
    CHECK(step.after.last_poll == kFirst);
    CHECK(step.after.last_success == kFirst);
    CHECK(step.after.last_success_steady == kSteady);
    CHECK(step.after.message == nullptr);
  }
}

TEST_CASE("a failed poll changes the facts of the last poll only") {
  const model::Key key = key_with(exact({"ORG_MEMBER"}));
  const KeyStatus before = advance({}, key, observe(kOwner, kFirst)).after;
  const model::Failure failure{State::forbidden, Reason::denied, "the service refused"};
  const Advance step = advance(before, key, observe(failure, kSecond, 403));
  CHECK(describe(step) == "forbidden/denied changed");
  CHECK(step.after.http_status == 403);
  CHECK(step.after.last_poll == kSecond);
  CHECK(*step.after.message == "the service refused");
  CHECK(step.after.findings == before.findings);
  CHECK(step.after.evidence == Evidence::record);
  CHECK(step.after.last_success == kFirst);

  const Advance again = advance(step.after, key, observe(failure, kThird, 403));
  CHECK(describe(again) == "forbidden/denied");
  CHECK(again.after.message == step.after.message);
  const Advance mended = advance(again.after, key, observe(kMember, kThird));
  CHECK(describe(mended) == "compliant/ changed, closed role_unexpected ORG_OWNER");
  CHECK(mended.after.message == nullptr);
}

TEST_CASE("a finding that stays keeps its since, and its texts are refreshed") {
  model::Policy policy;
  policy.description = model::DescriptionRule(std::string("ci"));
  const model::Key key = test::key(policy);
  const KeyStatus first = advance({}, key, observe(test::record({}, "one"), kFirst)).after;
  const Advance second = advance(first, key, observe(test::record({}, "two"), kSecond));
  CHECK(second.changes.empty());
  REQUIRE(second.after.findings->size() == 1);
  CHECK(second.after.findings->front().since == kFirst);
  CHECK(second.after.findings->front().actual == "two");
  CHECK(first.findings->front().actual == "one");
}

TEST_CASE("an unchanged poll shares the findings of the one before") {
  const model::Key key = key_with(exact({"ORG_MEMBER"}));
  const KeyStatus first = advance({}, key, observe(kOwner, kFirst)).after;
  CHECK(advance(first, key, observe(kOwner, kSecond)).after.findings == first.findings);
}

TEST_CASE("findings open and close each on its own") {
  const model::Key key = key_with(exact({"ORG_MEMBER", "ORG_READ_ONLY"}));
  const KeyStatus first = advance({}, key, observe(kOwner, kFirst)).after;
  const Advance second =
      advance(first, key, observe(test::record(test::roles({"ORG_READ_ONLY"})), kSecond));
  CHECK(describe(second) ==
        "drift/, opened role_missing ORG_MEMBER, closed role_unexpected ORG_OWNER, "
        "closed role_missing ORG_READ_ONLY");
  CHECK(drift_since(second.after) == kSecond);
}

TEST_CASE("a waived finding is no drift, and an open one besides it is") {
  const model::Key key = key_with(exact({"ORG_MEMBER"}), {forgive_owner(kThird)});
  const Advance first = advance({}, key, observe(kOwner, kFirst));
  CHECK(describe(first) == "compliant/ changed, waived role_unexpected ORG_OWNER");
  const model::KeyRecord wider =
      test::record(test::roles({"ORG_BILLING_ADMIN", "ORG_MEMBER", "ORG_OWNER"}));
  CHECK(describe(advance(first.after, key, observe(wider, kSecond))) ==
        "drift/ changed, opened role_unexpected ORG_BILLING_ADMIN");
}

TEST_CASE("a waiver lapses at its instant without a poll, though the service is unreachable") {
  const model::Key key = key_with(exact({"ORG_MEMBER"}), {forgive_owner(kThird)});
  const KeyStatus polled = advance({}, key, observe(kOwner, kFirst)).after;
  const Advance early = reevaluate(polled, key, kThird - std::chrono::milliseconds(1));
  CHECK(describe(early) == "compliant/");
  CHECK(early.after.findings == polled.findings);
  const Advance lapsed = reevaluate(polled, key, kThird);
  CHECK(describe(lapsed) == "drift/ changed, lapsed role_unexpected ORG_OWNER");
  CHECK(drift_since(lapsed.after) == kFirst);
  CHECK(lapsed.after.last_poll == kFirst);

  const model::Failure failure{State::error, Reason::timeout, "no answer"};
  const KeyStatus unreachable = advance(polled, key, observe(failure, kSecond, 0)).after;
  CHECK(describe(reevaluate(unreachable, key, kThird)) ==
        "error/timeout, lapsed role_unexpected ORG_OWNER");
}

TEST_CASE("a poll at the lapse agrees with the lapse") {
  const model::Key key = key_with(exact({"ORG_MEMBER"}), {forgive_owner(kThird)});
  const KeyStatus polled = advance({}, key, observe(kOwner, kFirst)).after;
  CHECK(*advance(polled, key, observe(kOwner, kThird)).after.findings ==
        *reevaluate(polled, key, kThird).after.findings);
}

TEST_CASE("a reload keeps what was found and says whether it is still proven") {
  const model::Key key = key_with(exact({"ORG_MEMBER"}));
  const KeyStatus before = advance({}, key, observe(kOwner, kFirst)).after;
  struct Case {
    std::string name;
    model::Key key;
    bool proven;
  };
  model::Key with_public_key = key_with(exact({"ORG_MEMBER"}));
  with_public_key.public_key = "abcdwxyz";
  model::Policy described;
  described.roles = exact({"ORG_MEMBER"});
  described.description = model::DescriptionRule(std::string("ci"));
  model::Policy lenient;
  lenient.roles = exact({"ORG_MEMBER"});
  lenient.severity[0] = model::Severity::info;
  model::Policy renamed;
  renamed.roles = exact({"ORG_MEMBER"});
  renamed.name = "other";
  const std::vector<Case> cases{
      {"nothing changed", key_with(exact({"ORG_MEMBER"})), true},
      {"the policy's name changed", test::key(renamed), true},
      {"other roles", key_with(exact({"ORG_MEMBER", "ORG_OWNER"})), false},
      {"a description", test::key(described), false},
      {"another severity", test::key(lenient), false},
      {"a public key", with_public_key, false},
      {"expected absent", test::absent_key(), false},
  };
  for (const Case& row : cases) {
    CAPTURE(row.name);
    const Advance step = carry_over(before, rules_between(key, row.key), row.key, kSecond);
    CHECK(step.after.judged_by_current_policy == row.proven);
    CHECK(step.changes.empty());
    CHECK_FALSE(step.state_changed);
    CHECK(step.after.findings == before.findings);
    CHECK(verdict_of(step.after, kSteady, std::chrono::hours(1)) == model::Verdict::violation);
  }
}

TEST_CASE("description rules are compared by what they say") {
  const auto key_of = [](model::DescriptionRule rule) {
    model::Policy policy;
    policy.description = std::move(rule);
    return test::key(policy);
  };
  const auto regex = [](const char* text) { return base::TextPattern::compile(text).value(); };
  const auto proven = [](const model::Key& left, const model::Key& right) {
    KeyStatus status;
    status.judged_by_current_policy = true;
    return carry_over(status, rules_between(left, right), right, kFirst)
        .after.judged_by_current_policy;
  };
  CHECK(proven(key_of("ci"), key_of("ci")));
  CHECK_FALSE(proven(key_of("ci"), key_of("cd")));
  CHECK(proven(key_of(regex("ci")), key_of(regex("ci"))));
  CHECK_FALSE(proven(key_of(regex("ci")), key_of(regex("cd"))));
  CHECK_FALSE(proven(key_of("ci"), key_of(regex("ci"))));
  CHECK_FALSE(proven(key_of("ci"), test::key({})));
}

TEST_CASE("a waiver acts when it is loaded, and its removal too") {
  const model::Key plain = key_with(exact({"ORG_MEMBER"}));
  const model::Key forgiving = key_with(exact({"ORG_MEMBER"}), {forgive_owner(kThird)});
  const KeyStatus open = advance({}, plain, observe(kOwner, kFirst)).after;
  const Advance waived = carry_over(open, Rules::same, forgiving, kSecond);
  CHECK(describe(waived) == "compliant/ changed, waived role_unexpected ORG_OWNER");
  CHECK(waived.after.judged_by_current_policy);
  CHECK(waived.after.findings->front().since == kFirst);
  CHECK(describe(carry_over(waived.after, Rules::same, plain, kSecond)) ==
        "drift/ changed, lapsed role_unexpected ORG_OWNER");
  CHECK(describe(carry_over(open, Rules::same, forgiving, kThird)) == "drift/");
}

TEST_CASE("a missing key that is forgiven stays not found") {
  const model::Waiver waiver{model::FindingKind::key_missing, "", "", "", kThird, "why", ""};
  const model::Key key = key_with(exact({"ORG_MEMBER"}), {waiver});
  const KeyStatus gone = advance({}, key, observe(model::KeyMissing{}, kFirst, 400)).after;
  CHECK(gone.state == State::not_found);
  CHECK_FALSE(has_open_findings(gone));
  CHECK(describe(reevaluate(gone, key, kThird)) == "not_found/key_missing, lapsed key_missing ");
}

}  // namespace
}  // namespace aka::policy
