// Incidents of one key from their first poll to their end, one table row or one case for each rule.
#include <doctest/doctest.h>

#include "incident/letters.h"

namespace aka::incident {
namespace {

using model::FindingKind;
using model::KeyMissing;
using model::Reason;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using test::absent;
using test::answer;
using test::firing;
using test::Names;
using test::one_key;
using test::two_keys;
using test::waive;
using test::Watched;
using test::with_roles;

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

TEST_CASE("a key that nobody asks for is stale too, but not for the time before the start") {
  Watched watched = one_key();
  watched.poll(0, answer('.'));
  watched.restart(hours(48));
  watched.terms.began = watched.now.steady;
  watched.pass(minutes(15) - seconds(1));
  CHECK(firing(watched).empty());
  watched.pass(seconds(1));
  CHECK(firing(watched) == Names{"AtlasKeyStale key1"});
  watched.poll(0, answer('e'));
  CHECK(firing(watched) == Names{"AtlasKeyStale key1"});
  watched.poll(0, answer('.'));
  CHECK(firing(watched).empty());
}

TEST_CASE("a key that is asked for in time is not stale by the clock") {
  Watched watched = one_key();
  watched.terms.began = watched.now.steady;
  for (int polls = 0; polls < 20; ++polls) {
    watched.poll(0, answer('.'));
    watched.pass(minutes(5));
    CHECK(firing(watched).empty());
  }
}

}  // namespace
}  // namespace aka::incident
