// What single conditions say, where no run of polls is needed.
#include "incident/conditions.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "incident/watched.h"

namespace aka::incident {
namespace {

using test::Watched;

Condition drift(int number, Phase phase, const std::string& severity = "warning") {
  Condition condition;
  condition.phase = phase;
  condition.alert.labels = {{"alertname", "AtlasKeyDrift"},
                            {"severity", severity},
                            {"org", "prod"},
                            {"key", "ci"},
                            {"kind", "role_unexpected"},
                            {"role", fmt::format("ROLE_{:03}", number)},
                            {"project_id", "unknown"}};
  return condition;
}

std::vector<Condition> drifts(int count, Phase phase) {
  std::vector<Condition> all;
  for (int i = 0; i < count; ++i) all.push_back(drift(i, phase));
  return all;
}

bool nothing(const Labels&) { return false; }

TEST_CASE("64 findings are 64 alerts, the 65th is the first of the rest") {
  std::vector<Condition> conditions = drifts(64, Phase::firing);
  fold_rest(conditions, nothing);
  CHECK(conditions.size() == 64);
  CHECK_FALSE(conditions.back().alert.labels.contains("more"));

  conditions.push_back(drift(64, Phase::firing));
  conditions.push_back(drift(65, Phase::firing, "critical"));
  fold_rest(conditions, nothing);
  REQUIRE(conditions.size() == 65);
  CHECK(conditions[63].alert.labels.at("role") == "ROLE_063");
  CHECK(conditions.back().alert.labels == Labels{{"alertname", "AtlasKeyDrift"},
                                                 {"severity", "critical"},
                                                 {"org", "prod"},
                                                 {"key", "ci"},
                                                 {"kind", "more"}});
  CHECK(conditions.back().alert.summary == "prod/ci has 2 more findings");
}

TEST_CASE("what fires by itself goes on so, and what is confirmed comes before what is not") {
  std::vector<Condition> conditions = drifts(64, Phase::held);
  conditions.push_back(drift(100, Phase::firing));
  conditions.push_back(drift(101, Phase::held));
  fold_rest(conditions, [](const Labels& labels) { return labels.at("role") == "ROLE_101"; });
  REQUIRE(conditions.size() == 65);
  CHECK(conditions[0].alert.labels.at("role") == "ROLE_101");
  CHECK(conditions[1].alert.labels.at("role") == "ROLE_100");
  CHECK(conditions[63].alert.labels.at("role") == "ROLE_061");
}

TEST_CASE("the rest fires if any of it is confirmed, as severe as that") {
  std::vector<Condition> conditions = drifts(64, Phase::firing);
  conditions.push_back(drift(64, Phase::held, "critical"));
  std::vector<Condition> held = conditions;
  fold_rest(held, nothing);
  CHECK(held.back().phase == Phase::held);
  CHECK(held.back().alert.labels.at("severity") == "critical");

  conditions = drifts(65, Phase::firing);
  conditions.push_back(drift(66, Phase::held, "critical"));
  fold_rest(conditions, nothing);
  CHECK(conditions.back().phase == Phase::firing);
  CHECK(conditions.back().alert.labels.at("severity") == "warning");
}

TEST_CASE("the labels of a finding's alert") {
  Watched watched(test::organization_of({test::expected_key('1')}));
  watched.terms.labels = {{"team", "sre"}};
  watched.poll(
      0, test::record(test::roles({"ORG_MEMBER", "GROUP_OWNER@5f1a2b3c4d5e6f7a8b9c0d2f"}), "ci"));
  REQUIRE(watched.book.firing().size() == 1);
  const Alert& alert = *watched.book.firing()[0];
  CHECK(alert.labels == Labels{{"alertname", "AtlasKeyDrift"},
                               {"severity", "critical"},
                               {"org_id", "5f1a2b3c4d5e6f7a8b9c0d1e"},
                               {"org", "prod"},
                               {"key_id", "64aa11bb22cc33dd44ee55f1"},
                               {"key", "key1"},
                               {"kind", "role_unexpected"},
                               {"role", "GROUP_OWNER"},
                               {"project_id", "5f1a2b3c4d5e6f7a8b9c0d2f"},
                               {"owner", "owners"},
                               {"team", "sre"}});
  for (const char* part : {"Expected: ", "Actual: ", "Since: 2026-11-24T05:00:00Z", "What to do: "})
    CHECK(alert.description.find(part) != std::string::npos);
}

TEST_CASE("a missing key has no kind, and an organization no key") {
  Watched watched(test::organization_of({test::expected_key('1'), test::expected_key('2')}));
  watched.poll(0, model::KeyMissing{});
  watched.poll(0, model::KeyMissing{});
  REQUIRE(watched.book.firing().size() == 1);
  CHECK_FALSE(watched.book.firing()[0]->labels.contains("kind"));
  CHECK(watched.book.firing()[0]->labels.at("severity") == "critical");
  CHECK(watched.book.firing()[0]->summary == "prod/key1 does not exist any more");

  Watched gone(test::organization_of({test::expected_key('1'), test::expected_key('2')}));
  gone.poll(0, test::timed_out());
  gone.poll(1, test::timed_out());
  gone.pass(std::chrono::minutes(5));
  REQUIRE(gone.book.firing().size() == 1);
  CHECK(gone.book.firing()[0]->labels == Labels{{"alertname", "AtlasOrgUnreachable"},
                                                {"severity", "critical"},
                                                {"org_id", "5f1a2b3c4d5e6f7a8b9c0d1e"},
                                                {"org", "prod"},
                                                {"owner", "platform"}});
}

TEST_CASE("a description from outside is in no label") {
  Watched watched(test::organization_of({test::expected_key('1')}));
  const model::KeyRecord record = test::record(test::roles({"ORG_MEMBER"}), "its\nown words");
  watched.poll(0, record);
  watched.poll(0, record);
  REQUIRE(watched.book.firing().size() == 1);
  const Alert& alert = *watched.book.firing()[0];
  for (const auto& [name, value] : alert.labels) CHECK(value.find("words") == std::string::npos);
  CHECK(alert.description.find("own words") != std::string::npos);
  CHECK(alert.summary.find('\n') == std::string::npos);
}

model::UnmanagedKey unmanaged(char digit, int presences) {
  model::UnmanagedKey key;
  std::string id(test::kKey);
  id.back() = digit;
  key.id = model::KeyId::parse(id).value();
  key.presences = presences;
  key.finding.kind = model::FindingKind::unmanaged_key;
  key.finding.severity = model::Severity::warning;
  key.finding.actual = "somebody's";
  return key;
}

TEST_CASE("an unlisted key is confirmed by complete sweeps, each with its own alert") {
  Watched watched(test::organization_of({test::expected_key('1')}));
  model::Discovery discovery;
  discovery.unmanaged = {unmanaged('8', 1), unmanaged('9', 2)};
  watched.of.discovery = std::make_shared<const model::Discovery>(discovery);
  const BookStep step = watched.pass(std::chrono::seconds(1));
  REQUIRE(step.opened.size() == 1);
  CHECK(step.opened[0]->labels == Labels{{"alertname", "AtlasKeyUnmanaged"},
                                         {"severity", "warning"},
                                         {"org_id", "5f1a2b3c4d5e6f7a8b9c0d1e"},
                                         {"org", "prod"},
                                         {"key_id", "64aa11bb22cc33dd44ee55f9"},
                                         {"owner", "platform"}});
  CHECK(watched.restart().empty());
  discovery.unmanaged[1].absences = 1;  // one sweep without it proves nothing
  watched.of.discovery = std::make_shared<const model::Discovery>(discovery);
  CHECK(watched.pass(std::chrono::seconds(1)).empty());
  discovery.unmanaged.pop_back();
  watched.of.discovery = std::make_shared<const model::Discovery>(discovery);
  CHECK(watched.pass(std::chrono::seconds(1)).resolved.size() == 1);
}

TEST_CASE("what the daemon knows of itself") {
  const Terms terms;
  const Now now{test::at("2026-11-24T05:00:00Z"), base::SteadyTime(std::chrono::hours(50))};
  CHECK(conditions_of(DaemonFacts{}, terms, now).empty());

  DaemonFacts weakened;
  weakened.weakened = Weakened{now.steady - std::chrono::hours(24) + std::chrono::seconds(1),
                               "prod/ci: key_unwatched"};
  const auto conditions = conditions_of(weakened, terms, now);
  REQUIRE(conditions.size() == 1);
  CHECK(conditions[0].alert.labels ==
        Labels{{"alertname", "AtlasPolicyWeakened"}, {"severity", "warning"}});
  CHECK(conditions[0].alert.description.find("key_unwatched") != std::string::npos);
  weakened.weakened->at -= std::chrono::seconds(1);
  CHECK(conditions_of(weakened, terms, now).empty());

  DaemonFacts failing;
  failing.journal_failure = "disk full";
  failing.failing_sinks = {"webhook:a", "webhook:b"};
  Book book;
  book.reconcile({}, conditions_of(failing, terms, now), now.wall);
  CHECK(test::names_of(book.firing()) ==
        std::set<std::string>{"AtlasAuditorJournalFailing", "AtlasAuditorDeliveryFailing webhook:a",
                              "AtlasAuditorDeliveryFailing webhook:b"});
}

TEST_CASE("conditions that are left out are exactly those that are held") {
  for (const model::Answer& answer :
       {model::Answer(test::record({}, "other")), model::Answer(model::KeyMissing{}),
        model::Answer(test::forbidden()), model::Answer(test::unauthorized())}) {
    Watched watched(test::organization_of({test::expected_key('1')}));
    for (int polls = 0; polls < 3; ++polls) {
      watched.poll(0, answer);
      const auto conditions = [&](Held held) {
        return conditions_of(watched.organization, watched.organization.keys[0], watched.keys[0],
                             watched.of, watched.terms, watched.now, held);
      };
      std::vector<Condition> all = conditions(Held::listed);
      std::erase_if(all, [](const Condition& one) { return one.phase == Phase::held; });
      const std::vector<Condition> fewer = conditions(Held::left_out);
      REQUIRE(fewer.size() == all.size());
      for (std::size_t i = 0; i < all.size(); ++i) CHECK(fewer[i].alert == all[i].alert);
    }
  }
}

}  // namespace
}  // namespace aka::incident
