// What sweeps prove of unlisted keys, and what they do not.
#include "policy/discovery.h"

#include <doctest/doctest.h>

#include "policy/own_credential.h"
#include "support/audited.h"

namespace aka::policy {
namespace {

constexpr std::string_view kListed = "64aa11bb22cc33dd44ee55f1";
constexpr std::string_view kFirst = "64aa11bb22cc33dd44ee55f2";
constexpr std::string_view kSecond = "64aa11bb22cc33dd44ee55f3";

using Known = std::shared_ptr<const model::Discovery>;

model::Organization watched(std::vector<std::string_view> listed = {kListed}) {
  model::Organization organization;
  organization.discover = true;
  for (const auto id : listed) organization.keys.push_back(test::key({}, id));
  return organization;
}

model::KeyRecord owner_key(std::string_view id) {
  return test::record(test::roles({"ORG_OWNER"}), "legacy", id);
}

const auto kNoon = test::at("2026-11-24T12:00:00Z");
const auto kOne = test::at("2026-11-24T13:00:00Z");

DiscoveryAdvance sweep_of(const Known& before, const std::vector<model::KeyRecord>& page,
                          base::WallTime now) {
  Sweep sweep;
  auto advance = meet(before, sweep, page, KnownKeys(watched(), {}), now);
  auto end = complete(advance.after, sweep, now);
  end.changes.insert(end.changes.begin(), advance.changes.begin(), advance.changes.end());
  return end;
}

TEST_SUITE("discovery") {
  TEST_CASE("an unlisted key opens a warning at once, a listed one does not") {
    Sweep sweep;
    const auto advance = meet(nullptr, sweep, {owner_key(kListed), owner_key(kFirst)},
                              KnownKeys(watched(), {}), kNoon);
    REQUIRE(advance.after->unmanaged.size() == 1);
    const model::UnmanagedKey& key = advance.after->unmanaged[0];
    CHECK(key.id.to_string() == kFirst);
    CHECK(key.roles == test::roles({"ORG_OWNER"}));
    CHECK(key.finding.kind == model::FindingKind::unmanaged_key);
    CHECK(key.finding.severity == model::Severity::warning);
    CHECK(key.finding.actual == "'legacy' with ORG_OWNER");
    CHECK(key.finding.since == kNoon);
    CHECK(advance.changes == std::vector<Change>{{ChangeKind::opened, key.finding}});
    CHECK(advance.after->last_complete == base::WallTime{});
  }

  TEST_CASE("the daemon's own key is said to be its own") {
    Sweep sweep;
    const auto advance =
        meet(nullptr, sweep, {owner_key(kFirst)}, KnownKeys(watched(), "abcdwxyz"), kNoon);
    CHECK(advance.after->unmanaged[0].owner == model::KeyOwner::daemon);
    CHECK(advance.after->unmanaged[0].finding.actual ==
          "the daemon's own: 'legacy' with ORG_OWNER");
  }

  TEST_CASE("a key that stays keeps its since, whatever became of its roles") {
    const auto before = sweep_of(nullptr, {owner_key(kFirst)}, kNoon).after;
    const auto after =
        sweep_of(before, {test::record(test::roles({"ORG_MEMBER"}), "x", kFirst)}, kOne);
    CHECK(after.changes.empty());
    CHECK(after.after->unmanaged[0].finding.since == kNoon);
    CHECK(after.after->unmanaged[0].roles == test::roles({"ORG_MEMBER"}));
  }

  TEST_CASE("two complete sweeps in a row that lack a key close it, one does not") {
    const auto both = sweep_of(nullptr, {owner_key(kFirst), owner_key(kSecond)}, kNoon).after;
    const auto once = sweep_of(both, {owner_key(kSecond)}, kOne);
    CHECK(once.changes.empty());
    CHECK(awaits_confirmation(*once.after, 1));
    const auto back = sweep_of(once.after, {owner_key(kFirst), owner_key(kSecond)}, kOne);
    CHECK_FALSE(awaits_confirmation(*back.after, 1));
    CHECK(awaits_confirmation(*back.after, 2));  // the sweeps that met it are not in a row
    CHECK(sweep_of(back.after, {owner_key(kSecond)}, kOne).changes.empty());
    const auto twice = sweep_of(once.after, {owner_key(kSecond)}, kOne);
    REQUIRE(twice.changes.size() == 1);
    CHECK(twice.changes[0].kind == ChangeKind::closed);
    CHECK(twice.keys[0].to_string() == kFirst);
    CHECK(twice.after->unmanaged.size() == 1);
  }

  TEST_CASE("sweeps that break off close nothing, however many") {
    Known known = sweep_of(nullptr, {owner_key(kFirst), owner_key(kSecond)}, kNoon).after;
    for (int i = 0; i < 5; ++i) {
      Sweep sweep;
      known = meet(known, sweep, {owner_key(kSecond)}, KnownKeys(watched(), {}), kOne).after;
      const auto broken = break_off(known, "HTTP 500");
      CHECK(broken.changes.empty());
      known = broken.after;
    }
    CHECK(known->unmanaged.size() == 2);
    CHECK(known->failure == "HTTP 500");
    CHECK(known->last_complete == kNoon);
  }

  TEST_CASE("a configuration that lists a key, or asks for no discovery, closes it") {
    const auto before = sweep_of(nullptr, {owner_key(kFirst), owner_key(kSecond)}, kNoon).after;
    const auto listed = carry_over(before, watched({kListed, kFirst}));
    REQUIRE(listed.keys.size() == 1);
    CHECK(listed.keys[0].to_string() == kFirst);
    CHECK(listed.after->unmanaged.size() == 1);
    auto off = watched();
    off.discover = false;
    CHECK(carry_over(before, off).changes.size() == 2);
    CHECK(carry_over(before, off).after == nullptr);
    CHECK(carry_over(before, watched()).after == before);
  }
}

TEST_CASE("the own key needs what Organization Member and Read Only imply, and no more") {
  CHECK(excess_of(test::roles({"ORG_MEMBER", "ORG_READ_ONLY",
                               "GROUP_READ_ONLY@" + std::string(test::kProject)}))
            .empty());
  CHECK(excess_of({}).empty());
  CHECK(excess_of(test::roles({"ORG_MEMBER", "ORG_OWNER"})) == test::roles({"ORG_OWNER"}));
  CHECK(excess_of(test::roles({"NEW_ROLE"})).size() == 1);
}

}  // namespace
}  // namespace aka::policy
