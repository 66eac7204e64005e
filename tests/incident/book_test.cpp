// Beginning and end of alerts, as the book keeps them.
#include "incident/book.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "support/audited.h"

namespace aka::incident {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

const base::WallTime kNow = test::at("2026-11-24T05:00:00Z");
const Scope kScope{model::OrganizationId::parse(test::kOrganization).value(),
                   model::KeyId::parse(test::kKey).value()};

Condition condition(const std::string& role, Phase phase = Phase::firing,
                    const std::string& owner = "owners") {
  Condition result;
  result.phase = phase;
  result.alert.name = AlertName::key_drift;
  result.alert.labels = {{"alertname", "AtlasKeyDrift"},
                         {"severity", "critical"},
                         {"org_id", std::string(test::kOrganization)},
                         {"key_id", std::string(test::kKey)},
                         {"org", "prod"},
                         {"key", "ci"},
                         {"kind", "role_unexpected"},
                         {"role", role},
                         {"owner", owner}};
  result.alert.summary = role + " is too much";
  return result;
}

TEST_CASE("a condition that fires begins an alert, once") {
  Book book;
  const BookStep first = book.reconcile(kScope, {condition("A")}, kNow);
  REQUIRE(first.opened.size() == 1);
  CHECK(first.opened[0]->starts_at == kNow);
  CHECK_FALSE(first.opened[0]->ends_at);
  CHECK(book.reconcile(kScope, {condition("A")}, kNow + minutes(1)).empty());
  CHECK(book.firing().size() == 1);
  CHECK(book.firing()[0]->starts_at == kNow);
}

TEST_CASE("a held condition begins nothing and keeps what fires") {
  Book book;
  CHECK(book.reconcile(kScope, {condition("A", Phase::held)}, kNow).empty());
  CHECK(book.fires_nothing(kScope));
  book.reconcile(kScope, {condition("A")}, kNow);
  CHECK(book.reconcile(kScope, {condition("A", Phase::held)}, kNow).empty());
  CHECK_FALSE(book.fires_nothing(kScope));
}

TEST_CASE("what no condition speaks of any more is resolved, of that scope only") {
  Book book;
  const Scope other{kScope.organization, {}};
  book.reconcile(kScope, {condition("A"), condition("B")}, kNow);
  book.reconcile(other, {condition("A")}, kNow);
  const BookStep step = book.reconcile(kScope, {condition("B")}, kNow + minutes(2));
  CHECK(step.opened.empty());
  REQUIRE(step.resolved.size() == 1);
  CHECK(step.resolved[0]->labels.at("role") == "A");
  CHECK(step.resolved[0]->starts_at == kNow);
  CHECK(step.resolved[0]->ends_at == kNow + minutes(2));
  CHECK(book.firing().size() == 2);
}

TEST_CASE("other labels of the same thing: one ends, one begins, held or not") {
  for (const Phase phase : {Phase::firing, Phase::held}) {
    Book book;
    book.reconcile(kScope, {condition("A"), condition("B")}, kNow);
    Condition renamed = condition("A", phase, "others");
    if (phase == Phase::held) renamed.alert.summary.clear();
    const BookStep step =
        book.reconcile(kScope, {renamed, condition("B", phase)}, kNow + minutes(1));
    REQUIRE(step.opened.size() == 1);
    REQUIRE(step.resolved.size() == 1);
    CHECK(step.resolved[0]->labels.at("owner") == "owners");
    CHECK(step.opened[0]->labels.at("owner") == "others");
    CHECK(step.opened[0]->summary == "A is too much");
    CHECK(step.opened[0]->starts_at == kNow + minutes(1));
    CHECK(book.firing().size() == 2);
  }
}

TEST_CASE("the same condition twice is one alert") {
  Book book;
  CHECK(book.reconcile(kScope, {condition("A"), condition("A")}, kNow).opened.size() == 1);
}

TEST_CASE("a resolved alert is shown for an hour, unless it fires anew") {
  Book book;
  book.reconcile(kScope, {condition("A"), condition("B")}, kNow);
  book.reconcile(kScope, {}, kNow);
  CHECK(book.resolved().size() == 2);
  CHECK(book.firing().empty());
  book.reconcile(kScope, {condition("B")}, kNow + minutes(1));
  REQUIRE(book.resolved().size() == 1);
  CHECK(book.resolved()[0]->labels.at("role") == "A");
  CHECK(book.forget_old(kNow + hours(1) - milliseconds(1)).empty());
  CHECK(book.forget_old(kNow + hours(1)).size() == 1);
  CHECK(book.resolved().empty());
  CHECK(book.forget_old(kNow + hours(2)).empty());
}

TEST_CASE("resolved twice within the hour, it is shown once") {
  Book book;
  for (int i = 0; i < 3; ++i) {
    book.reconcile(kScope, {condition("A")}, kNow + minutes(i));
    book.reconcile(kScope, {}, kNow + minutes(i));
  }
  REQUIRE(book.resolved().size() == 1);
  CHECK(book.resolved()[0]->ends_at == kNow + minutes(2));
}

TEST_CASE("an alert never ends before it began, though the clock went back") {
  Book book;
  book.reconcile(kScope, {condition("A")}, kNow);
  const BookStep step = book.reconcile(kScope, {}, kNow - hours(1));
  REQUIRE(step.resolved.size() == 1);
  CHECK(step.resolved[0]->ends_at == kNow);
}

TEST_CASE("past 64 what fires already goes on, and the rest is one alert") {
  Book book;
  std::vector<Condition> conditions;
  for (int i = 0; i < 64; ++i) conditions.push_back(condition(fmt::format("ROLE_{:03}", i)));
  CHECK(book.reconcile(kScope, conditions, kNow).opened.size() == 64);
  // A new one that sorts first pushes out none of those.
  conditions.insert(conditions.begin(), condition("A"));
  BookStep step = book.reconcile(kScope, conditions, kNow);
  CHECK(step.resolved.empty());
  REQUIRE(step.opened.size() == 1);
  CHECK(step.opened[0]->labels.at("kind") == "more");
  CHECK(book.reconcile(kScope, conditions, kNow).empty());
  // Place for it: it has an alert of its own.
  conditions.pop_back();
  step = book.reconcile(kScope, conditions, kNow);
  REQUIRE(step.opened.size() == 1);
  CHECK(step.opened[0]->labels.at("role") == "A");
  CHECK(step.resolved.size() == 2);
}

TEST_CASE("a restored book is the one that was kept") {
  Book before;
  before.reconcile(kScope, {condition("A"), condition("B")}, kNow);
  before.reconcile(kScope, {condition("B")}, kNow + minutes(1));
  std::vector<Alert> alerts;
  for (const auto& list : {before.firing(), before.resolved()})
    for (const SharedAlert& alert : list) alerts.push_back(*alert);
  Book after;
  after.restore(alerts);
  REQUIRE(after.firing().size() == 1);
  CHECK(*after.firing()[0] == *before.firing()[0]);
  REQUIRE(after.resolved().size() == 1);
  CHECK(*after.resolved()[0] == *before.resolved()[0]);
  CHECK(after.reconcile(kScope, {condition("B")}, kNow + hours(1)).empty());
}

TEST_CASE("what is restored late changes nothing that the book knows already") {
  Book book;
  book.reconcile(kScope, {condition("A"), condition("B")}, kNow);
  book.reconcile(kScope, {condition("A")}, kNow);
  Alert a = condition("A").alert;
  Alert c = condition("C").alert;
  Alert d = condition("D").alert;
  d.ends_at = kNow;
  book.restore({a, c, d});
  CHECK(book.firing().size() == 2);
  CHECK(book.resolved().size() == 2);
  book.restore({condition("B").alert});
  CHECK(book.firing().size() == 3);
  CHECK(book.resolved().size() == 1);
}

TEST_CASE("where nothing is known, only what is about the configuration ends") {
  Book book;
  Condition expiring = condition("B");
  expiring.alert.name = AlertName::waiver_expiring;
  expiring.alert.labels["alertname"] = "AtlasWaiverExpiring";
  book.reconcile(kScope, {condition("A"), condition("C"), expiring}, kNow);
  const BookStep step = book.reconcile(kScope, {condition("C", Phase::held, "others")}, kNow,
                                       Silence::proves_nothing);
  CHECK(step.opened.size() == 1);
  REQUIRE(step.resolved.size() == 2);
  CHECK(book.firing().size() == 2);
  CHECK(book.reconcile(kScope, {}, kNow).resolved.size() == 2);
}

TEST_CASE("an alert's labels tell its scope") {
  Alert alert = condition("A").alert;
  CHECK(scope_of(alert) == kScope);
  alert.labels.erase("key_id");
  CHECK_FALSE(scope_of(alert));
  alert = condition("A").alert;
  alert.name = AlertName::key_unmanaged;
  alert.labels.erase("key");
  CHECK(scope_of(alert) == Scope{kScope.organization, {}});
  alert.labels.clear();
  CHECK(scope_of(alert) == Scope{});
}

}  // namespace
}  // namespace aka::incident
