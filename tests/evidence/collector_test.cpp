// Records become findings with their times.
#include "evidence/collector.h"

#include <doctest/doctest.h>

#include "evidence/told.h"

namespace aka::evidence {
namespace {

using journal::RecordType;
using std::chrono::hours;
using testing::at;
using testing::Chain;

const Period kNovember{at("2026-11-01T00:00:00Z"), at("2026-12-01T00:00:00Z")};
const std::string kOwner =
    R"({"kind":"role_forbidden","role":"ORG_OWNER","project_id":"","severity":"critical","actual":"ORG_OWNER","since":"2026-10-30T00:00:00Z"})";
const std::string kAdded = R"({"org":"acme","key":"ci","owner":"build"})";

Chain watched() {
  Chain chain;
  chain.add("2026-10-01T00:00:00Z", RecordType::start, R"({"version":"1"})");
  chain.key("2026-10-01T00:00:00Z", RecordType::key_added, kAdded);
  return chain;
}

TEST_CASE("a finding has its opening, its end, who was told, and its time in the period") {
  Chain chain = watched();
  chain.key("2026-11-02T00:00:00Z", RecordType::finding_opened, kOwner);
  chain.key(
      "2026-11-02T00:01:00Z", RecordType::alert_sent,
      R"({"labels":{"alertname":"AtlasKeyDrift","kind":"role_forbidden","role":"ORG_OWNER","drill":"true"}})");
  chain.key(
      "2026-11-02T00:02:00Z", RecordType::alert_sent,
      R"({"labels":{"alertname":"AtlasKeyDrift","kind":"role_forbidden","role":"ORG_OWNER"}})");
  chain.key(
      "2026-11-02T00:03:00Z", RecordType::alert_sent,
      R"({"labels":{"alertname":"AtlasKeyDrift","kind":"role_forbidden","role":"ORG_OWNER"}})");
  chain.key("2026-11-02T05:00:00Z", RecordType::finding_closed, kOwner);
  const Evidence evidence = chain.evidence(kNovember);
  REQUIRE(evidence.incidents.size() == 1);
  const Incident& one = evidence.incidents[0];
  CHECK(one.about == About{testing::kOrg, "acme", testing::kKey, "ci"});
  CHECK(one.opened == at("2026-11-02T00:00:00Z"));
  CHECK(one.closed == at("2026-11-02T05:00:00Z"));
  CHECK(one.closed_by == "a poll");
  CHECK(one.told == at("2026-11-02T00:02:00Z"));
  CHECK(one.exposed == hours(5));
  CHECK(is_sound(evidence));
  REQUIRE(evidence.keys.size() == 1);
  CHECK(evidence.keys[0].owner == "build");
}

TEST_CASE("time outside the period and waived time do not count as exposed") {
  Chain chain = watched();
  chain.key("2026-10-31T12:00:00Z", RecordType::finding_opened, kOwner);
  std::string waived = kOwner;
  waived.insert(1, R"("reason":"migration","ticket":"SEC-7","until":"2026-12-31T00:00:00Z",)");
  chain.key("2026-11-01T06:00:00Z", RecordType::finding_waived, waived);
  chain.key("2026-11-29T00:00:00Z", RecordType::waiver_lapsed, kOwner);
  const Evidence evidence = chain.evidence(kNovember);
  REQUIRE(evidence.incidents.size() == 1);
  const Incident& one = evidence.incidents[0];
  CHECK_FALSE(one.closed.has_value());
  CHECK(one.exposed == hours(6) + hours(48));
  REQUIRE(one.waivings.size() == 1);
  CHECK(one.waivings[0].ticket == "SEC-7");
  CHECK(one.waivings[0].reason == "migration");
  CHECK(one.waivings[0].until == at("2026-11-29T00:00:00Z"));
}

TEST_CASE("a key that leaves the configuration ends what was open") {
  Chain chain = watched();
  chain.key("2026-11-02T00:00:00Z", RecordType::finding_opened, kOwner);
  chain.key("2026-11-03T00:00:00Z", RecordType::key_removed, kAdded);
  const Evidence evidence = chain.evidence(kNovember);
  REQUIRE(evidence.incidents.size() == 1);
  CHECK(evidence.incidents[0].closed_by == "the configuration");
  CHECK(evidence.incidents[0].exposed == hours(24));
  CHECK(evidence.keys.at(0).removed == at("2026-11-03T00:00:00Z"));
}

TEST_CASE("what ended before the period, or begins after it, is not told") {
  Chain chain = watched();
  chain.key("2026-10-02T00:00:00Z", RecordType::finding_opened, kOwner);
  chain.key("2026-10-03T00:00:00Z", RecordType::finding_closed, kOwner);
  chain.key("2026-12-02T00:00:00Z", RecordType::finding_opened, kOwner);
  CHECK(chain.evidence(kNovember).incidents.empty());
}

TEST_CASE("a finding whose opening was cut off is known by its own account") {
  Chain chain;
  chain.key("2026-11-02T00:00:00Z", RecordType::finding_closed, kOwner);
  const Evidence evidence = chain.evidence(kNovember);
  REQUIRE(evidence.incidents.size() == 1);
  CHECK(evidence.incidents[0].opened == at("2026-10-30T00:00:00Z"));
  CHECK(evidence.incidents[0].exposed == hours(24));
}

TEST_CASE("a record that was changed is told, and so is a missing end") {
  Chain chain = watched();
  chain.key("2026-11-02T00:00:00Z", RecordType::finding_opened, kOwner);
  chain.records()[1].data = R"({"org":"other"})";
  const Evidence changed = chain.evidence(kNovember);
  CHECK_FALSE(is_sound(changed));
  CHECK(changed.chains.at(0).fault.find("record 2") != std::string::npos);

  Chain whole = watched();
  Evidence cut;
  cut.period = kNovember;
  Collector collector(kNovember, at("2027-01-01T00:00:00Z"));
  collector.take(whole.records().front());
  collector.finish("journal.db", whole.records().back().hash, cut);
  CHECK_FALSE(is_sound(cut));
}

TEST_CASE("starts, loads, weakenings and drills are events") {
  Chain chain = watched();
  chain.add("2026-11-05T00:00:00Z", RecordType::config_loaded, R"({"sha256":"abc"})");
  chain.key("2026-11-06T00:00:00Z", RecordType::policy_weakened,
            R"({"weakening":"role_allowed","detail":"ORG_OWNER"})");
  chain.key("2026-11-07T00:00:00Z", RecordType::drill, R"({"phase":"begun","summary":"DRILL: x"})");
  chain.add("2026-11-08T00:00:00Z", RecordType::stop);
  std::vector<std::string> told;
  for (const Event& event : chain.evidence(kNovember).events) {
    told.push_back(event.type + " " + event.detail);
  }
  CHECK(told == std::vector<std::string>{"config_loaded sha256 abc",
                                         "policy_weakened role_allowed: ORG_OWNER",
                                         "drill begun: DRILL: x", "stop "});
}

}  // namespace
}  // namespace aka::evidence
