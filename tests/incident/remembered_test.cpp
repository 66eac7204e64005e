// What a restart finds again of keys and organizations.
#include "incident/remembered.h"

#include <doctest/doctest.h>

#include "incident/watched.h"

namespace aka::incident {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using test::Watched;

/// A key with findings of which one is waived, that was not found, and now fails.
Watched troubled() {
  model::Organization organization =
      test::organization_of({test::expected_key('1'), test::expected_key('2')});
  organization.keys[0].waivers = std::make_shared<const std::vector<model::Waiver>>(
      std::vector<model::Waiver>{{model::FindingKind::role_unexpected, "ORG_OWNER", "", "",
                                  test::at("2027-01-01T00:00:00Z"), "why", ""}});
  Watched watched(organization);
  watched.poll(0, model::KeyMissing{});
  watched.poll(0, test::record(test::roles({"ORG_OWNER"}), "other"));
  watched.pass(minutes(7));
  watched.poll(0, test::forbidden());
  watched.pass(minutes(1));
  watched.poll(0, test::not_found(model::Reason::org_missing));
  return watched;
}

TEST_CASE("a proof from ahead of a clock that went back is no proof any more") {
  model::KeyStatus status;
  status.state = model::State::compliant;
  status.evidence = model::Evidence::record;
  status.judged_by_current_policy = true;
  const base::WallTime noon = test::at("2026-11-24T12:00:00Z");
  status.last_success = noon;
  const auto verdict = [&](base::WallTime wall) {
    const Now now{wall, base::SteadyTime(minutes(3))};
    const auto read = parse_key_status(to_text(status, now), now);
    REQUIRE(read);
    return model::verdict_of(*read, now.steady, minutes(15));
  };
  CHECK(verdict(noon + minutes(1)) == model::Verdict::compliant);
  CHECK(verdict(noon - std::chrono::seconds(1)) == model::Verdict::compliant);
  CHECK(verdict(noon + hours(72)) == model::Verdict::unknown);
  CHECK(verdict(noon - hours(24)) == model::Verdict::unknown);
}

TEST_CASE("a status reads back as it was kept, whatever the steady clock says then") {
  const Watched watched = troubled();
  const model::KeyStatus& before = watched.keys[0];
  REQUIRE(before.findings->size() == 3);
  const Now later{watched.now.wall + hours(1), base::SteadyTime(minutes(3))};
  const auto after = parse_key_status(to_text(before, watched.now), later);
  REQUIRE(after);
  CHECK(after->state == before.state);
  CHECK(after->reason == before.reason);
  CHECK(after->http_status == before.http_status);
  CHECK(after->evidence == before.evidence);
  CHECK(after->judged_by_current_policy == before.judged_by_current_policy);
  CHECK(after->last_poll == before.last_poll);
  CHECK(after->last_success == before.last_success);
  CHECK(after->watched_since == before.watched_since);
  CHECK(after->conclusive_polls == before.conclusive_polls);
  CHECK(after->streaks == before.streaks);
  CHECK(*after->findings == *before.findings);
  CHECK(*after->message == *before.message);
  // Ages go on, also those from before the machine was started.
  const auto age = [&](base::SteadyTime time) { return later.steady - time; };
  CHECK(age(after->last_success_steady) == hours(1) + minutes(8));
  CHECK(age(after->watched_since_steady) == hours(1) + minutes(8));
  CHECK(age(after->trouble_since) == hours(1) + minutes(1));
  CHECK(model::verdict_of(*after, later.steady, minutes(15)) == model::Verdict::violation);
}

TEST_CASE("a green from before the machine was started is as old as it is") {
  Watched watched(test::organization_of({test::expected_key('1')}));
  watched.poll(0, test::kAsItShouldBe);
  const Now later{watched.now.wall + hours(1), base::SteadyTime(minutes(3))};
  const auto after = parse_key_status(to_text(watched.keys[0], watched.now), later).value();
  CHECK(model::verdict_of(after, later.steady, minutes(59)) == model::Verdict::unknown);
  CHECK(model::verdict_of(after, later.steady, minutes(60)) == model::Verdict::compliant);
}

TEST_CASE("a wall clock that went back makes the age of troubles 0") {
  const Watched watched = troubled();
  const Now earlier{watched.now.wall - hours(24), base::SteadyTime(minutes(3))};
  const auto after = parse_key_status(to_text(watched.keys[0], watched.now), earlier).value();
  CHECK(after.trouble_since == earlier.steady);
}

TEST_CASE("what never was stays so") {
  const Now now{test::at("2026-11-24T05:00:00Z"), base::SteadyTime(minutes(3))};
  const auto key = parse_key_status(to_text(model::KeyStatus{}, now), now).value();
  CHECK(key.last_success == base::WallTime{});
  CHECK(key.last_success_steady == base::SteadyTime{});
  CHECK(key.findings == nullptr);
  CHECK(key.message == nullptr);
  const auto of = parse_organization_status(to_text(model::OrganizationStatus{}, now), now).value();
  CHECK(of.last_conclusive == base::SteadyTime{});
  CHECK(of.reachable_since == base::SteadyTime{});
  CHECK(of.discovery == nullptr);
}

TEST_CASE("an instant that would fall on the clock's epoch is not taken for never") {
  const Now now{test::at("2026-11-24T05:00:00Z"), base::SteadyTime(minutes(3))};
  model::OrganizationStatus before;
  before.last_conclusive = now.steady - minutes(1);
  const Now later{now.wall + minutes(2), base::SteadyTime(minutes(3))};
  const auto after = parse_organization_status(to_text(before, now), later).value();
  CHECK(after.last_conclusive != base::SteadyTime{});
}

TEST_CASE("an organization reads back with its unlisted keys") {
  model::OrganizationStatus before;
  before.unreachable = true;
  before.last_conclusive = base::SteadyTime(hours(40));
  before.watched_since = base::SteadyTime(hours(30));
  before.reachable_since = base::SteadyTime(hours(35));
  model::Discovery discovery;
  model::UnmanagedKey key;
  key.id = model::KeyId::parse(test::kKey).value();
  key.description = "its \xff";
  key.public_key = "abcdwxyz";
  key.roles = test::roles({"GROUP_OWNER@5f1a2b3c4d5e6f7a8b9c0d2f", "ORG_MEMBER"});
  key.owner = model::KeyOwner::daemon;
  key.absences = 1;
  key.presences = 7;
  key.finding.kind = model::FindingKind::unmanaged_key;
  key.finding.severity = model::Severity::warning;
  key.finding.since = test::at("2026-11-24T04:00:00Z");
  discovery.unmanaged = {key};
  discovery.last_complete = test::at("2026-11-24T04:30:00Z");
  discovery.failure = "no answer";
  before.discovery = std::make_shared<const model::Discovery>(discovery);

  const Now now{test::at("2026-11-24T05:00:00Z"), base::SteadyTime(hours(50))};
  const auto after = parse_organization_status(to_text(before, now), now).value();
  CHECK(after.unreachable);
  CHECK(after.last_conclusive == before.last_conclusive);
  CHECK(after.watched_since == before.watched_since);
  CHECK(after.reachable_since == before.reachable_since);
  discovery.unmanaged[0].description = "its \xef\xbf\xbd";  // no UTF-8: replaced, not refused
  CHECK(*after.discovery == discovery);
}

TEST_CASE("a text from elsewhere is nothing, and no number in it is trusted") {
  const Now now{test::at("2026-11-24T05:00:00Z"), base::SteadyTime(minutes(3))};
  const std::string good = to_text(model::KeyStatus{}, now);
  REQUIRE(parse_key_status(good, now));
  const auto replaced = [&](const std::string& old, const std::string& by) {
    std::string text = good;
    const std::size_t place = text.find(old);
    REQUIRE(place != std::string::npos);
    return text.replace(place, old.size(), by);
  };
  for (const std::string& text :
       {std::string(), std::string("{}"), std::string("[]"), good.substr(1),
        replaced("\"v\":1", "\"v\":2"), replaced("\"reason\":0", "\"reason\":99"),
        replaced("\"reason\":0", "\"reason\":-1"), replaced("\"evidence\":0", "\"evidence\":3"),
        replaced("\"pending\"", "\"asleep\""), replaced("\"streaks\":[0,", "\"streaks\":[")}) {
    CAPTURE(text);
    CHECK_FALSE(parse_key_status(text, now));
  }
  CHECK_FALSE(parse_organization_status("{}", now));
}

TEST_CASE("a weakening reads back as old as it is, and not from the future") {
  const Now now{test::at("2026-11-24T05:00:00Z"), base::SteadyTime(hours(50))};
  const std::string text = to_text(Weakened{now.steady - hours(5), "less of \xff"}, now);
  const base::SteadyTime later{minutes(3)};
  const auto read = parse_weakened(text, {now.wall + hours(1), later});
  REQUIRE(read);
  CHECK(later - read->at == hours(6));
  CHECK(read->what == "less of \xef\xbf\xbd");
  CHECK(parse_weakened(text, {now.wall - hours(48), later})->at == later);
  CHECK_FALSE(parse_weakened("{}", now));
}

TEST_CASE("a later success is what counts") {
  const Now now{test::at("2026-11-24T05:00:00Z"), base::SteadyTime(minutes(3))};
  model::KeyStatus status;
  set_last_success(status, now.wall - minutes(10), now);
  CHECK(status.last_success == now.wall - minutes(10));
  CHECK(status.last_poll == now.wall - minutes(10));
  CHECK(now.steady - status.last_success_steady == minutes(10));
}

}  // namespace
}  // namespace aka::incident
