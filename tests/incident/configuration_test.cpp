// What a configuration does to alerts: waivers, owners, names, keys that come and go.
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
