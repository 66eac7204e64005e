// Organizations out of reach, and what that means for the alerts of their keys.
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

TEST_CASE("a single answer that holds all polls for an interval is an outage as well") {
  Watched watched = two_keys();
  watched.poll(0, answer('.'));
  watched.pass(minutes(3));
  watched.poll(1, answer('t'));
  watched.pass(minutes(5) - seconds(1));
  CHECK(firing(watched).empty());
  watched.pass(seconds(1));
  CHECK(firing(watched) == Names{"AtlasOrgUnreachable"});
  watched.poll(1, answer('.'));
  CHECK(watched.of.unreachable == false);
}

}  // namespace
}  // namespace aka::incident
