// How often something was seen, what is worth a poll soon, and whose failure it is.
#include "policy/confirmation.h"

#include <doctest/doctest.h>

#include "policy/advance.h"
#include "support/audited.h"

namespace aka::policy {
namespace {

using model::Reason;
using model::State;
using std::chrono::minutes;
using std::chrono::seconds;

const base::WallTime kNow = test::at("2026-11-24T05:00:00Z");

model::Key member_key() {
  model::Policy policy;
  policy.roles = model::RoleRules{test::patterns({"ORG_MEMBER"}), {}, {}, true};
  return test::key(std::move(policy));
}

/// Each poll as a letter: as it should be, a role missing, too much, the key gone, or failures.
model::Answer answer(char letter) {
  switch (letter) {
    case 'm':
      return test::record({});
    case 'o':
      return test::record(test::roles({"ORG_MEMBER", "ORG_OWNER"}));
    case 'n':
      return model::KeyMissing{};
    case 'u':
      return model::Failure{State::not_found, Reason::unknown, ""};
    case 'g':
      return model::Failure{State::not_found, Reason::org_missing, ""};
    case 'f':
      return model::Failure{State::forbidden, Reason::denied, ""};
    case 'a':
      return model::Failure{State::unauthorized, Reason::bad_credentials, ""};
    case 'e':
      return model::Failure{State::error, Reason::timeout, ""};
    default:
      return test::record(test::roles({"ORG_MEMBER"}));
  }
}

model::KeyStatus after(const std::string& polls, const model::Key& key,
                       base::SteadyTime start = base::SteadyTime(minutes(60))) {
  model::KeyStatus status;
  for (const char letter : polls) {
    status = advance(status, key, {key.id, answer(letter), 200, kNow, start}).after;
    start += seconds(1);
  }
  return status;
}

TEST_CASE("what gives access, or gave it away, counts at once") {
  using model::FindingKind;
  for (const FindingKind kind : model::kFindingKinds) {
    model::Finding finding;
    finding.kind = kind;
    const bool at_once =
        kind == FindingKind::role_forbidden || kind == FindingKind::public_key_changed ||
        kind == FindingKind::private_key_exposed || kind == FindingKind::key_present;
    CAPTURE(to_string(kind));
    CHECK(counts_at_once(finding) == at_once);
    finding.widens = true;
    CHECK(counts_at_once(finding) == (at_once || kind == FindingKind::role_unexpected));
  }
}

TEST_CASE("a finding is counted over conclusive polls in a row") {
  const model::Key key = member_key();
  for (const auto& [polls, times] : std::vector<std::pair<std::string, std::uint32_t>>{
           {"m", 1}, {"mm", 2}, {"mefam", 2}, {"m.m", 1}, {"mmmm", 4}, {"mno.mm", 2}}) {
    CAPTURE(polls);
    const model::KeyStatus status = after(polls, key);
    REQUIRE(status.findings != nullptr);
    CHECK(times_seen(status, status.findings->front()) == times);
  }
}

TEST_CASE("a poll soon is worth it while something is half confirmed, or half disproved") {
  const model::Key expected = member_key();
  const std::vector<std::pair<std::string, bool>> cases{
      {"", false},       {".", false},   {"m", true},     {"mm", true},    {"mmm", false},
      {"o", false},      {"f", true},    {"fff", false},  {"a", true},     {"aaa", false},
      {"fe", true},      {"f.", false},  {"e", false},    {"eeee", false}, {"n", true},
      {"nn", true},      {"nnn", false}, {"nnnn", false}, {"nnn.", true},  {"nnn..", true},
      {"nnn...", false}, {"u", true},    {"uuu", false},  {"me", true}};
  for (const auto& [polls, awaits] : cases) {
    CAPTURE(polls);
    CHECK(awaits_repeat(after(polls, expected), expected, 3) == awaits);
    CHECK_FALSE(awaits_repeat(after(polls, expected), expected, 1));
  }
  const model::Key absent = test::absent_key();
  for (const auto& [polls, awaits] : std::vector<std::pair<std::string, bool>>{{"n", false},
                                                                               {".", false},
                                                                               {".n", true},
                                                                               {".nn", true},
                                                                               {".nnn", false},
                                                                               {".ne", true}}) {
    CAPTURE(polls);
    CHECK(awaits_repeat(after(polls, absent), absent, 3) == awaits);
  }
}

TEST_CASE("a waived finding is not worth a poll soon") {
  model::Key key = member_key();
  key.waivers = std::make_shared<const std::vector<model::Waiver>>(std::vector<model::Waiver>{
      {model::FindingKind::role_missing, "ORG_MEMBER", "", "", kNow + minutes(1), "why", ""}});
  CHECK_FALSE(awaits_repeat(after("m", key), key, 2));
}

TEST_CASE("counts stop at a limit, and what was said of the organization stays a part of it") {
  const model::Key key = member_key();
  const std::string many(model::Streaks::kMost + 10, 'g');
  const model::Streaks streaks = after("u" + many, key).streaks;
  CHECK(streaks.not_found == model::Streaks::kMost);
  CHECK(streaks.org_missing == model::Streaks::kMost - 1);
  CHECK(streaks.failed == model::Streaks::kMost);
}

model::Organization organization(int keys) {
  model::Organization result;
  result.keys.assign(static_cast<std::size_t>(keys), member_key());
  return result;
}

TEST_CASE("whose failure it is shows once the organization answers after it began") {
  const model::KeyStatus status = after("ff", member_key());
  model::OrganizationStatus of;
  CHECK(may_be_outage(organization(2), of, status));
  CHECK_FALSE(may_be_outage(organization(1), of, status));
  of.last_conclusive = status.trouble_since;
  CHECK(may_be_outage(organization(2), of, status));
  of.last_conclusive += seconds(1);
  CHECK_FALSE(may_be_outage(organization(2), of, status));
  of.unreachable = true;
  CHECK(may_be_outage(organization(2), of, status));
  of.unreachable = false;
  of.reachable_since = of.last_conclusive;
  CHECK(may_be_outage(organization(2), of, status));
}

TEST_CASE("instants from before the machine's start are no never") {
  const model::KeyStatus status = after("ff", member_key(), base::SteadyTime(-minutes(10)));
  model::OrganizationStatus of;
  CHECK(may_be_outage(organization(2), of, status));  // never conclusive
  of.watched_since = base::SteadyTime(-minutes(20));
  of.last_conclusive = base::SteadyTime(-minutes(9));
  CHECK_FALSE(may_be_outage(organization(2), of, status));
  of.failed_polls = 2;
  of.effective_interval = minutes(10);
  CHECK_FALSE(is_out_of_reach(organization(2), of, base::SteadyTime(seconds(59))));
  CHECK(is_out_of_reach(organization(2), of, base::SteadyTime(minutes(1))));
  of.last_conclusive = {};
  of.watched_since = base::SteadyTime(-minutes(8));
  CHECK(is_out_of_reach(organization(2), of, base::SteadyTime(minutes(2))));
}

TEST_CASE("after an outage what may have been a part of it is counted anew, the rest is not") {
  model::KeyStatus status = after("uggffa", member_key());
  const model::Streaks before = status.streaks;
  model::OrganizationStatus of;
  forget_outage(status, of);
  CHECK(status.streaks == before);
  of.reachable_since = status.trouble_since;
  forget_outage(status, of);
  CHECK(status.streaks == before);
  of.reachable_since += seconds(1);
  forget_outage(status, of);
  CHECK(status.streaks.failed == 0);
  CHECK(status.streaks.forbidden == 0);
  CHECK(status.streaks.unauthorized == 0);
  CHECK(status.streaks.not_found == 1);
  CHECK(status.streaks.org_missing == 0);
}

TEST_CASE("a key that is missing by a conclusive answer is so after an outage, too") {
  model::KeyStatus status = after("en", member_key());
  model::OrganizationStatus of;
  of.reachable_since = status.trouble_since + minutes(1);
  forget_outage(status, of);
  CHECK(status.streaks.not_found == 1);
}

TEST_CASE("an organization is out of reach after an interval and two polls without an answer") {
  model::OrganizationStatus of;
  of.effective_interval = minutes(5);
  of.watched_since = base::SteadyTime(minutes(100));
  const auto at = [](int minute) { return base::SteadyTime(minutes(minute)); };
  const model::Observation failed{{}, answer('e'), 0, kNow, at(101)};
  note_poll(of, failed);
  CHECK_FALSE(is_out_of_reach(organization(2), of, at(105)));
  note_poll(of, failed);
  CHECK_FALSE(is_out_of_reach(organization(2), of, at(104)));
  CHECK(is_out_of_reach(organization(2), of, at(105)));
  CHECK_FALSE(is_out_of_reach(organization(1), of, at(105)));

  of.unreachable = true;
  note_poll(of, {{}, answer('n'), 404, kNow, at(106)});
  CHECK_FALSE(of.unreachable);
  CHECK(of.reachable_since == at(106));
  CHECK(of.last_conclusive == at(106));
  CHECK(of.failed_polls == 0);
  note_poll(of, {{}, answer('.'), 200, kNow, at(107)});
  CHECK(of.reachable_since == at(106));
}

}  // namespace
}  // namespace aka::policy
