// Incidents from their first poll to their end, one table row or one case for each rule.
#include <doctest/doctest.h>

#include "incident/watched.h"

namespace aka::incident {
namespace {

using model::FindingKind;
using model::KeyMissing;
using model::Reason;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using test::Watched;
using Names = std::set<std::string>;

Names firing(const Watched& watched) { return test::names_of(watched.book.firing()); }

model::KeyRecord with_roles(std::initializer_list<std::string_view> roles) {
  return test::record(test::roles(roles), "ci");
}

model::Key absent(char digit) {
  model::Key key = test::expected_key(digit);
  key.policy = nullptr;
  key.expect = model::Expectation::absent;
  return key;
}

void waive(model::Key& key, FindingKind kind, std::string role, base::WallTime until) {
  key.waivers = std::make_shared<const std::vector<model::Waiver>>(
      std::vector<model::Waiver>{{kind, std::move(role), "", "", until, "why", ""}});
}

Watched one_key() { return Watched(test::organization_of({test::expected_key('1')})); }
Watched two_keys() {
  return Watched(test::organization_of({test::expected_key('1'), test::expected_key('2')}));
}

/// Polls of one key in an organization of its own, each as a letter.
model::Answer answer(char letter) {
  model::KeyRecord record = test::kAsItShouldBe;
  switch (letter) {
    case 'o':
      return with_roles({"ORG_MEMBER", "ORG_OWNER"});
    case 'm':
      return with_roles({});
    case 'd':
      record.description = "other";
      return record;
    case 'x':
      record.private_key_exposed = true;
      return record;
    case 'n':
      return KeyMissing{};
    case 'u':
      return test::not_found(Reason::unknown);
    case 'g':
      return test::not_found(Reason::org_missing);
    case 'f':
      return test::forbidden();
    case 'a':
      return test::unauthorized();
    case 'e':
      return test::timed_out();
    case 't':
      return test::failed(model::State::rate_limited, Reason::throttled);
    default:
      return record;
  }
}

TEST_CASE("what fires after a run of polls, confirmed twice") {
  struct Case {
    std::string polls;
    Names expected;
  };
  const Names owner{"AtlasKeyDrift key1 role_unexpected ORG_OWNER"};
  const Names missing{"AtlasKeyDrift key1 role_missing ORG_MEMBER"};
  const Names description{"AtlasKeyDrift key1 description_mismatch"};
  const Names not_found{"AtlasKeyNotFound key1"};
  const Names forbidden{"AtlasKeyForbidden key1"};
  const Names unauthorized{"AtlasKeyUnauthorized key1"};
  const std::vector<Case> cases{
      {".", {}},
      // At once.
      {"o", owner},
      {"x", {"AtlasKeyDrift key1 private_key_exposed"}},
      // Twice in a row, polls that cannot judge skipped.
      {"m", {}},
      {"mm", missing},
      {"m.m", {}},
      {"mem", missing},
      {"mfaetm", missing},
      {"d", {}},
      {"dd", description},
      // One conclusive poll disproves; others nothing.
      {"o.", {}},
      {"oefat", owner},
      {"mm.", {}},
      {"ddeeee", description},
      {"oe.", {}},
      // The key is gone: what was found with it is disproved.
      {"on", {}},
      {"onn", not_found},
      {"n", {}},
      {"nn", not_found},
      {"nen", not_found},
      {"n.n", {}},
      {"uu", not_found},
      {"un", not_found},
      {"gg", not_found},
      {"nnee", not_found},
      {"nn.", not_found},
      {"nn.e.", {}},
      {"nn..", {}},
      {"nn.n", not_found},
      {"nn.n.", not_found},
      {"nn.n..", {}},
      {"nn.u.", not_found},
      // Access: any conclusive poll resolves.
      {"f", {}},
      {"ff", forbidden},
      {"fef", forbidden},
      {"f.f", {}},
      {"ffee", forbidden},
      {"ff.", {}},
      {"ffn", {}},
      {"aa", unauthorized},
      {"fa", {}},
      {"fafa", {"AtlasKeyForbidden key1", "AtlasKeyUnauthorized key1"}},
      {"ee", {}},
      {"tttt", {}},
  };
  for (const Case& row : cases) {
    CAPTURE(row.polls);
    Watched watched = one_key();
    Watched restarted = one_key();
    for (const char letter : row.polls) {
      watched.poll(0, answer(letter));
      restarted.poll(0, answer(letter));
      const BookStep step = restarted.restart();
      CHECK(step.opened.empty());
      CHECK(step.resolved.empty());
    }
    CHECK(firing(watched) == row.expected);
    CHECK(firing(restarted) == row.expected);
  }
}

TEST_CASE("a key expected absent: at once if it is there, over after two polls without it") {
  const Names present{"AtlasKeyDrift key1 key_present"};
  const std::vector<std::pair<std::string, Names>> cases{
      {"n", {}},       {"nnn", {}},       {".", present},    {".n", present},
      {".nn", {}},     {".n.", present},  {".n.n", present}, {".nen", {}},
      {".e", present}, {".uuu", present}, {"uu", {}},        {"n.nnnn.", present}};
  for (const auto& [polls, expected] : cases) {
    CAPTURE(polls);
    Watched watched(test::organization_of({absent('1')}));
    for (const char letter : polls) {
      watched.poll(0, answer(letter));
      watched.restart();
    }
    CHECK(firing(watched) == expected);
  }
}

TEST_CASE("confirm says how many polls; one is enough if it says so") {
  Watched hasty = one_key();
  hasty.terms.confirm = 1;
  hasty.poll(0, answer('m'));
  CHECK(firing(hasty) == Names{"AtlasKeyDrift key1 role_missing ORG_MEMBER"});

  Watched patient = one_key();
  patient.terms.confirm = 1000;
  for (int poll = 1; poll < 1000; ++poll) patient.poll(0, KeyMissing{});
  CHECK(firing(patient).empty());
  patient.poll(0, KeyMissing{});
  CHECK(firing(patient) == Names{"AtlasKeyNotFound key1"});
  for (int poll = 1; poll < 1000; ++poll) patient.poll(0, answer('.'));
  CHECK(firing(patient).size() == 1);
  patient.poll(0, answer('.'));
  CHECK(firing(patient).empty());
}

TEST_CASE("a key is stale once nothing was conclusive for stale_after intervals") {
  Watched watched = one_key();
  watched.poll(0, answer('.'));
  watched.pass(minutes(5));
  watched.poll(0, answer('e'));
  watched.pass(minutes(10) - seconds(1));
  CHECK(firing(watched).empty());
  watched.pass(seconds(1));
  CHECK(firing(watched).empty());  // one failed poll may be chance
  watched.poll(0, answer('e'));
  CHECK(firing(watched) == Names{"AtlasKeyStale key1"});
  watched.pass(hours(5));
  watched.restart();
  CHECK(firing(watched) == Names{"AtlasKeyStale key1"});
  watched.poll(0, answer('n'));
  CHECK(firing(watched).empty());
}

TEST_CASE("a key that never gave a conclusive answer is stale from when it was configured") {
  Watched watched = one_key();
  watched.poll(0, answer('e'));
  watched.pass(minutes(8));
  watched.restart();  // a machine younger than that, too
  watched.poll(0, answer('e'));
  CHECK(firing(watched).empty());
  watched.pass(minutes(7));
  CHECK(firing(watched) == Names{"AtlasKeyStale key1"});
}

TEST_CASE("being off for long makes no key stale without failed polls") {
  Watched watched = one_key();
  watched.poll(0, answer('.'));
  watched.restart(hours(48));
  watched.pass(seconds(1));
  watched.poll(0, answer('e'));
  CHECK(firing(watched).empty());
  watched.poll(0, answer('e'));
  CHECK(firing(watched) == Names{"AtlasKeyStale key1"});
}

TEST_CASE("a wall clock that went back closes nothing and leaves no proof") {
  Watched watched = one_key();
  watched.poll(0, answer('.'));
  watched.pass(minutes(20));
  watched.poll(0, answer('e'));
  watched.poll(0, answer('e'));
  REQUIRE(firing(watched) == Names{"AtlasKeyStale key1"});
  watched.restart(hours(-24));
  CHECK(watched.keys[0].last_success_steady < watched.now.steady - std::chrono::hours(24));
  CHECK(firing(watched) == Names{"AtlasKeyStale key1"});
  const BookStep step = watched.poll(0, answer('.'));
  REQUIRE(step.resolved.size() == 1);
  CHECK(*step.resolved[0]->ends_at == step.resolved[0]->starts_at);
}

TEST_CASE("an organization out of reach is one alert, in the place of those of its keys") {
  const Names one{"AtlasOrgUnreachable"};
  for (const char letter : {'f', 'a', 'g', 'e'}) {
    CAPTURE(letter);
    Watched watched = two_keys();
    watched.poll(0, answer('.'));
    watched.poll(1, answer('.'));
    for (int minute = 0; minute < 60; ++minute) {
      watched.pass(minutes(1));
      watched.poll(0, answer(letter));
      watched.poll(1, answer(letter));
      CHECK(firing(watched) == (minute < 4 ? Names{} : one));
      if (minute > 5) watched.restart();
    }
    // The last poll says less than those before it; that decides nothing.
    watched.poll(0, answer('e'));
    watched.poll(1, answer('t'));
    watched.pass(seconds(1));
    CHECK(firing(watched) == one);

    watched.poll(0, answer('.'));
    watched.pass(seconds(1));
    CHECK(firing(watched).empty());
    watched.restart();
    CHECK(firing(watched).empty());
    watched.poll(1, answer(letter));
    watched.pass(seconds(1));
    CHECK(firing(watched).empty());
    watched.pass(seconds(1));
    watched.poll(1, answer(letter));
    watched.poll(0, answer('.'));
    watched.pass(seconds(1));
    const Names after = letter == 'f'   ? Names{"AtlasKeyForbidden key2", "AtlasKeyStale key2"}
                        : letter == 'a' ? Names{"AtlasKeyUnauthorized key2", "AtlasKeyStale key2"}
                        : letter == 'g' ? Names{"AtlasKeyNotFound key2", "AtlasKeyStale key2"}
                                        : Names{"AtlasKeyStale key2"};
    CHECK(firing(watched) == after);
  }
}

TEST_CASE("an access alert waits until another key shows that the organization can be reached") {
  Watched watched = two_keys();
  watched.poll(0, answer('.'));
  watched.poll(1, answer('.'));
  watched.pass(minutes(1));
  watched.poll(1, answer('f'));
  watched.poll(1, answer('f'));
  watched.pass(seconds(1));
  CHECK(firing(watched).empty());
  watched.poll(0, answer('.'));
  watched.pass(seconds(1));
  CHECK(firing(watched) == Names{"AtlasKeyForbidden key2"});
}

TEST_CASE("a missing key is no outage, and neither is a finding") {
  Watched watched = two_keys();
  watched.poll(0, answer('o'));
  for (int poll = 0; poll < 3; ++poll) {
    watched.poll(0, answer('e'));
    watched.poll(1, answer('u'));
    watched.pass(minutes(3));
  }
  CHECK(firing(watched) == Names{"AtlasOrgUnreachable", "AtlasKeyNotFound key2",
                                 "AtlasKeyDrift key1 role_unexpected ORG_OWNER"});
}

TEST_CASE("alerts that fired before an outage go on through it") {
  Watched watched = two_keys();
  watched.poll(1, answer('f'));
  watched.poll(1, answer('f'));
  watched.pass(seconds(1));
  watched.poll(0, answer('.'));
  watched.pass(seconds(1));
  REQUIRE(firing(watched) == Names{"AtlasKeyForbidden key2"});
  for (int minute = 0; minute < 10; ++minute) {
    watched.pass(minutes(1));
    watched.poll(0, answer('e'));
    watched.poll(1, answer('e'));
  }
  CHECK(firing(watched) == Names{"AtlasKeyForbidden key2", "AtlasOrgUnreachable"});
  watched.poll(0, answer('.'));
  watched.pass(seconds(1));
  CHECK(firing(watched) == Names{"AtlasKeyForbidden key2"});
}

TEST_CASE("an organization of one key has no alert of its own") {
  Watched watched = one_key();
  for (int minute = 0; minute < 60; ++minute) {
    watched.poll(0, answer('e'));
    watched.pass(minutes(1));
  }
  CHECK(firing(watched) == Names{"AtlasKeyStale key1"});
}

TEST_CASE("a restart alone puts no organization out of reach") {
  Watched watched = two_keys();
  watched.poll(0, answer('.'));
  watched.restart(hours(48));
  watched.pass(seconds(1));
  CHECK(firing(watched).empty());
  watched.poll(0, answer('e'));
  watched.pass(seconds(1));
  CHECK(firing(watched).empty());
  watched.poll(1, answer('e'));
  watched.pass(seconds(1));
  CHECK(firing(watched) == Names{"AtlasOrgUnreachable"});
}

TEST_CASE("a waiver resolves at once, and what it forgave fires again when it lapses") {
  struct Case {
    FindingKind kind;
    std::string role;
    std::string polls;
    std::string alert;
  };
  const std::vector<Case> cases{
      {FindingKind::role_unexpected, "ORG_OWNER", "o",
       "AtlasKeyDrift key1 role_unexpected ORG_OWNER"},
      {FindingKind::role_missing, "ORG_MEMBER", "mm", "AtlasKeyDrift key1 role_missing ORG_MEMBER"},
      {FindingKind::key_missing, "", "nn", "AtlasKeyNotFound key1"},
      {FindingKind::key_present, "", ".", "AtlasKeyDrift key1 key_present"},
  };
  for (const Case& row : cases) {
    CAPTURE(row.alert);
    const bool is_absent = row.kind == FindingKind::key_present;
    Watched watched(test::organization_of({is_absent ? absent('1') : test::expected_key('1')}));
    for (const char letter : row.polls) watched.poll(0, answer(letter));
    REQUIRE(firing(watched) == Names{row.alert});

    model::Organization next = watched.organization;
    waive(next.keys[0], row.kind, row.role, watched.now.wall + hours(24 * 30));
    CHECK(test::names_of(watched.reload(next).resolved) == Names{row.alert});
    CHECK(firing(watched).empty());
    watched.poll(0, answer(row.polls.back()));
    watched.pass(hours(24 * 24));
    const std::string subject = std::string(to_string(row.kind)) + (row.role.empty() ? "" : " ");
    CHECK(firing(watched) == Names{"AtlasWaiverExpiring key1 " + subject + row.role});
    const BookStep lapse = watched.pass(hours(24 * 6));
    CHECK(test::names_of(lapse.opened) == Names{row.alert});
    CHECK(firing(watched) == Names{row.alert});
  }
}

TEST_CASE("another owner or name ends the alert and begins another, also while it is held") {
  const std::vector<std::string> polls{"o", "mm", "nn", "nn.", "ff", "ffe"};
  for (const std::string& run : polls) {
    CAPTURE(run);
    Watched watched = one_key();
    for (const char letter : run) watched.poll(0, answer(letter));
    const Names before = firing(watched);
    REQUIRE(before.size() == 1);
    model::Organization next = watched.organization;
    next.keys[0].owner = std::make_shared<const std::string>("others");
    const BookStep step = watched.reload(next);
    CHECK(test::names_of(step.resolved) == before);
    CHECK(test::names_of(step.opened) == before);
    REQUIRE(watched.book.firing().size() == 1);
    CHECK(watched.book.firing()[0]->labels.at("owner") == "others");
    CHECK_FALSE(watched.book.firing()[0]->summary.empty());
    CHECK(watched.restart().empty());
  }
}

TEST_CASE("where what was known of a key is lost, only a conclusive poll ends its alerts") {
  for (const char* run : {"o", "mm", "nn", "ff"}) {
    Watched watched = one_key();
    for (const char letter : std::string(run)) watched.poll(0, answer(letter));
    const Names before = firing(watched);
    watched.keys[0] = one_key().keys[0];
    watched.pass(minutes(1));
    watched.poll(0, answer('e'));
    watched.restart();
    CHECK(firing(watched) == before);
    watched.poll(0, answer('.'));
    watched.poll(0, answer('.'));
    CHECK(firing(watched).empty());
  }
}

TEST_CASE("the configuration ends a NotFound though no poll of the key was ever conclusive") {
  const Names not_found{"AtlasKeyNotFound key1"};
  for (const bool waived : {true, false}) {
    CAPTURE(waived);
    Watched watched = one_key();
    watched.poll(0, answer('u'));
    watched.poll(0, answer('u'));
    REQUIRE(firing(watched) == not_found);
    model::Organization next = watched.organization;
    if (waived) {
      waive(next.keys[0], FindingKind::key_missing, "", watched.now.wall + hours(1000));
    } else {
      next.keys[0] = absent('1');
    }
    CHECK(test::names_of(watched.reload(next).resolved) == not_found);
    watched.poll(0, answer('u'));
    CHECK(watched.restart().empty());
    CHECK(firing(watched).empty());
  }
}

TEST_CASE("a waiver ends what it forgives though what was known of the key is lost") {
  Watched watched = one_key();
  watched.poll(0, answer('o'));
  watched.poll(0, answer('x'));
  watched.poll(0, test::record(test::roles({"ORG_MEMBER", "ORG_OWNER"}), "other"));
  watched.poll(0, test::record(test::roles({"ORG_MEMBER", "ORG_OWNER"}), "other"));
  const std::string owner = "AtlasKeyDrift key1 role_unexpected ORG_OWNER";
  const std::string description = "AtlasKeyDrift key1 description_mismatch";
  REQUIRE(firing(watched) == Names{owner, description});
  watched.keys[0] = one_key().keys[0];
  model::Organization next = watched.organization;
  waive(next.keys[0], FindingKind::role_unexpected, "ORG_OWNER", watched.now.wall + hours(1000));
  CHECK(test::names_of(watched.reload(next).resolved) == Names{owner});
  // Which text was found is lost, too.
  next.keys[0].waivers = std::make_shared<const std::vector<model::Waiver>>(
      std::vector<model::Waiver>{{FindingKind::description_mismatch, "", "", "other",
                                  watched.now.wall + hours(1000), "why", ""}});
  CHECK(watched.reload(next).empty());
  CHECK(firing(watched) == Names{description});
}

TEST_CASE("a key_present that is waived while it is half disproved is over") {
  Watched watched(test::organization_of({absent('1')}));
  watched.poll(0, answer('.'));
  watched.poll(0, answer('n'));
  REQUIRE(firing(watched) == Names{"AtlasKeyDrift key1 key_present"});
  model::Organization next = watched.organization;
  waive(next.keys[0], FindingKind::key_present, "", watched.now.wall + hours(1000));
  watched.reload(next);
  CHECK(firing(watched).empty());
}

TEST_CASE("a removed key takes its alerts along, and a removed organization") {
  Watched watched = two_keys();
  watched.poll(0, answer('o'));
  watched.poll(1, answer('x'));
  model::Organization next = watched.organization;
  next.keys.erase(next.keys.begin());
  CHECK(test::names_of(watched.reload(next).resolved) ==
        Names{"AtlasKeyDrift key1 role_unexpected ORG_OWNER"});
  CHECK(firing(watched) == Names{"AtlasKeyDrift key2 private_key_exposed"});
}

TEST_CASE(
    "a changed policy holds what fires until a poll, and a changed severity is another alert") {
  Watched watched = one_key();
  watched.poll(0, answer('o'));
  model::Organization next = watched.organization;
  model::Policy policy = *next.keys[0].policy;
  policy.severity[static_cast<std::size_t>(FindingKind::role_unexpected)] = model::Severity::info;
  next.keys[0].policy = std::make_shared<const model::Policy>(policy);
  CHECK(watched.reload(next).empty());
  const BookStep step = watched.poll(0, answer('o'));
  REQUIRE(step.opened.size() == 1);
  CHECK(step.opened[0]->labels.at("severity") == "info");
  REQUIRE(step.resolved.size() == 1);
  CHECK(step.resolved[0]->labels.at("severity") == "critical");
}

TEST_CASE("a key expected absent from now on is not missed any more") {
  Watched watched = one_key();
  watched.poll(0, answer('n'));
  watched.poll(0, answer('n'));
  model::Organization next = watched.organization;
  next.keys[0] = absent('1');
  CHECK(test::names_of(watched.reload(next).resolved) == Names{"AtlasKeyNotFound key1"});
  watched.poll(0, answer('n'));
  CHECK(firing(watched).empty());
}

}  // namespace
}  // namespace aka::incident
