// What one step of a key comes to: records, facts and notifications, together.
#include "ledger/ledger.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "ledger/account.h"

namespace aka::ledger {
namespace {

using journal::RecordType;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using test::Account;
using Names = std::set<std::string>;

const model::Answer kTooMuch = test::record(test::roles({"ORG_MEMBER", "ORG_OWNER"}), "ci");
constexpr const char* kDrift = "AtlasKeyDrift key1 role_unexpected ORG_OWNER";

model::Organization one_key() { return test::organization_of({test::expected_key('1')}); }
model::Organization two_keys() {
  return test::organization_of({test::expected_key('1'), test::expected_key('2')});
}

void settle(Account& account) {
  account.tick();
  account.commit();
  account.deliver();
  account.commit();
  account.disk.records.clear();
  account.accepted.clear();
}

nlohmann::json data_of(const journal::Draft& record) { return nlohmann::json::parse(record.data); }

std::vector<std::string> causes(const test::Disk& disk) {
  std::vector<std::string> all;
  for (const journal::Draft& record : disk.records_of(RecordType::alert_resolved)) {
    const nlohmann::json data = data_of(record);
    const nlohmann::json& labels = data.at("labels");
    const auto& name = labels.contains("kind") ? labels.at("kind") : labels.at("alertname");
    all.push_back(name.get<std::string>() + " by " + data.at("cause").get<std::string>());
  }
  std::ranges::sort(all);
  return all;
}

TEST_CASE("an alert is one fact, one notification for each receiver, all with what caused it") {
  Account account(one_key());
  settle(account);
  account.poll(0, kTooMuch);
  REQUIRE(account.waiting.size() == 1);
  const store::Transition& transition = account.waiting.front().first;
  CHECK(std::ranges::count(transition.facts, store::FactKind::alert, &store::Fact::kind) == 1);
  CHECK(std::ranges::count(transition.facts, store::FactKind::key, &store::Fact::kind) == 1);
  REQUIRE(transition.outbox.size() == 2);
  CHECK(transition.outbox[0].sink == "a");
  CHECK(transition.outbox[1].sink == "b");
  CHECK(transition.outbox[0].id < transition.outbox[1].id);
  REQUIRE(transition.records.size() == 2);
  CHECK(transition.records[0].type == RecordType::state_changed);
  CHECK(data_of(transition.records[0]).at("from") == "pending");
  CHECK(transition.records[1].type == RecordType::finding_opened);
}

TEST_CASE("an alert is shown at once, and leaves after its commit") {
  Account account(one_key());
  settle(account);
  account.poll(0, kTooMuch);
  CHECK(account.firing() == Names{kDrift});
  CHECK(account.sent.empty());
  CHECK(account.ledger().committed().empty());
  account.commit();
  CHECK(account.sent.size() == 2);
  CHECK(test::names_of(account.ledger().committed()) == Names{kDrift});

  account.poll(0, test::kAsItShouldBe);
  CHECK(account.firing().empty());
  CHECK(account.resolved() == Names{kDrift});
  CHECK(test::names_of(account.ledger().committed()) == Names{kDrift});
  account.commit();
  CHECK(account.sent.size() == 4);
  CHECK(account.sent.back().alert->ends_at.has_value());
  CHECK(account.ledger().committed().empty());
}

TEST_CASE("a disk that fails keeps no alert from its receivers") {
  Account account(one_key());
  settle(account);
  account.poll(0, kTooMuch);
  account.waiting.front().second(false);
  CHECK(account.sent.size() == 2);
  CHECK(test::names_of(account.ledger().committed()) == Names{kDrift});
}

TEST_CASE(
    "a disk that hangs keeps alerts from their receivers for ten seconds, and sends none twice") {
  Account account(one_key());
  settle(account);
  account.poll(0, kTooMuch);
  account.clock.advance(seconds(9));
  CHECK(account.ledger().take_overdue().empty());
  account.clock.advance(seconds(1));
  CHECK(account.ledger().take_overdue().size() == 2);
  CHECK(account.ledger().take_overdue().empty());
  account.tick();
  CHECK(account.firing() == Names{kDrift, "AtlasAuditorJournalFailing"});
  account.commit(1);
  CHECK(account.sent.empty());
}

TEST_CASE("what was sent and what resolved is journaled once") {
  Account account(one_key());
  settle(account);
  account.poll(0, kTooMuch);
  account.commit();
  account.deliver();
  account.poll(0, test::kAsItShouldBe);
  account.commit();
  account.deliver();
  account.commit();
  const auto sent = account.disk.records_of(RecordType::alert_sent);
  REQUIRE(sent.size() == 2);
  CHECK(data_of(sent[0]).at("sink") == "a");
  CHECK(data_of(sent[1]).at("sink") == "b");
  CHECK(causes(account.disk) == std::vector<std::string>{"role_unexpected by evidence"});
  CHECK(account.disk.outbox.empty());
}

TEST_CASE("a poll that changes nothing hands nothing to the store") {
  for (const auto& [name, answer] :
       std::vector<std::pair<std::string, model::Answer>>{{"as it should be", test::kAsItShouldBe},
                                                          {"drift", kTooMuch},
                                                          {"missing", model::KeyMissing{}},
                                                          {"refused", test::forbidden()},
                                                          {"no answer", test::timed_out()}}) {
    CAPTURE(name);
    Account account(one_key());
    for (int i = 0; i < 3; ++i) account.poll(0, answer);
    settle(account);
    for (int i = 0; i < 10; ++i) account.poll(0, answer);
    CHECK(account.waiting.empty());
  }
}

TEST_CASE(
    "a failure that goes on hands nothing to the store, though something waits for confirmation") {
  for (const auto& [name, answer] : std::vector<std::pair<std::string, model::Answer>>{
           {"a role missing once", test::record({}, "ci")},
           {"not found once", model::KeyMissing{}},
           {"refused once", test::forbidden()}}) {
    CAPTURE(name);
    Account account(one_key());
    account.poll(0, answer);
    for (int i = 0; i < 3; ++i) account.poll(0, test::timed_out());
    settle(account);
    for (int i = 0; i < 10; ++i) account.poll(0, test::timed_out());
    CHECK(account.waiting.empty());
  }
}

TEST_CASE("a pending confirmation is kept, also of a refusal after other failures") {
  Account account(one_key());
  account.terms.confirm = 3;
  account.reload(account.roster());
  for (int i = 0; i < 6; ++i) account.poll(0, test::timed_out());
  account.poll(0, test::forbidden());
  account.poll(0, test::forbidden());
  account.commit();
  account.kill_and_start();
  account.poll(0, test::forbidden());
  CHECK(account.firing() == Names{"AtlasKeyForbidden key1"});
}

TEST_CASE("an alert says why it ended: each by its own cause") {
  model::Key key = test::expected_key('1');
  key.waivers = std::make_shared<const std::vector<model::Waiver>>(
      std::vector<model::Waiver>{{model::FindingKind::role_missing, "ORG_MEMBER", "", "",
                                  test::at("2030-01-01T00:00:00Z"), "why", ""}});
  Account account(test::organization_of({key}));
  account.poll(0, kTooMuch);
  settle(account);

  SUBCASE("a poll that disproves one finding and shows another that is waived") {
    account.poll(0, test::record({}, "ci"));
    account.commit();
    CHECK(causes(account.disk) == std::vector<std::string>{"role_unexpected by evidence"});
  }
  SUBCASE("a waiver that is loaded") {
    key.waivers = std::make_shared<const std::vector<model::Waiver>>(
        std::vector<model::Waiver>{{model::FindingKind::role_unexpected, "ORG_OWNER", "", "",
                                    test::at("2030-01-01T00:00:00Z"), "why", ""}});
    account.reload(test::roster_of({test::organization_of({key})}));
    account.commit();
    CHECK(causes(account.disk) == std::vector<std::string>{"role_unexpected by configuration"});
    REQUIRE(account.disk.records_of(RecordType::finding_waived).size() == 1);
    const auto data = data_of(account.disk.records_of(RecordType::finding_waived).front());
    CHECK(data.contains("reason"));
    CHECK(data.contains("ticket"));
    CHECK(data.at("until").is_string());
  }
  SUBCASE("a removal, which says what was open") {
    account.reload(test::roster_of({test::organization_of({test::expected_key('2')})}));
    account.commit();
    CHECK(causes(account.disk) == std::vector<std::string>{"role_unexpected by configuration"});
    const auto removed = account.disk.records_of(RecordType::key_removed);
    REQUIRE(removed.size() == 1);
    CHECK(data_of(removed[0]).at("open").size() == 1);
    CHECK(account.disk.records_of(RecordType::key_added).size() == 1);
  }
  SUBCASE("another owner") {
    key.owner = std::make_shared<const std::string>("others");
    account.reload(test::roster_of({test::organization_of({key})}));
    account.commit();
    CHECK(causes(account.disk) == std::vector<std::string>{"role_unexpected by configuration"});
    CHECK(account.firing() == Names{kDrift});
    // The end of the old one goes first.
    REQUIRE(account.sent.size() == 4);
    CHECK(account.sent.front().alert->ends_at.has_value());
    CHECK_FALSE(account.sent.back().alert->ends_at.has_value());
  }
}

TEST_CASE("a reload that changes nothing of a key ends nothing and begins nothing") {
  Account account(two_keys());
  account.poll(0, kTooMuch);
  account.poll(1, test::timed_out());
  settle(account);
  account.reload(account.roster());
  account.commit();
  CHECK(account.sent.empty());
  CHECK(causes(account.disk).empty());
  CHECK(account.firing() == Names{kDrift});
}

TEST_CASE("a weakening is told for a day, and a second one anew") {
  Account account(one_key());
  settle(account);
  policy::Weakening weaker;
  weaker.kind = policy::WeakeningKind::role_allowed;
  account.reload(account.roster(), {weaker});
  account.commit();
  CHECK(account.firing() == Names{"AtlasPolicyWeakened"});
  CHECK(account.disk.records_of(RecordType::policy_weakened).size() == 1);
  account.pass(hours(20));
  account.reload(account.roster(), {weaker});
  account.commit();
  CHECK(account.sent.size() == 6);
  account.kill_and_start();
  account.pass(hours(23));
  CHECK(account.firing() == Names{"AtlasPolicyWeakened"});
  account.pass(hours(1));
  CHECK(account.firing().empty());
  account.commit();
  CHECK(causes(account.disk).back() == "AtlasPolicyWeakened by time");
}

TEST_CASE("a day is told by a clock that cannot be set") {
  Account account(one_key());
  settle(account);
  policy::Weakening weaker;
  account.reload(account.roster(), {weaker});
  account.clock.set_wall(account.clock.wall() + hours(1000));
  account.pass(hours(23));
  CHECK(account.firing() == Names{"AtlasPolicyWeakened"});
  account.pass(hours(1));
  CHECK(account.firing().empty());
  account.clock.set_wall(account.clock.wall() - hours(2000));
  account.tick();
  CHECK(account.firing().empty());
}

TEST_CASE("delivery fails after five minutes, and until the outbox is empty") {
  Account account(one_key());
  settle(account);
  const Names failing{"AtlasAuditorDeliveryFailing a"};
  account.tick({{"a", 1, minutes(5) - seconds(1)}, {"b", 0, {}}});
  CHECK(account.firing().empty());
  account.tick({{"a", 1, minutes(5)}, {"b", 0, {}}});
  CHECK(account.firing() == failing);
  account.tick({{"a", 3, seconds(1)}, {"b", 3, seconds(1)}});
  CHECK(account.firing() == failing);
  account.commit();
  account.kill_and_start();
  account.tick({{"a", 1, seconds(0)}, {"b", 1, seconds(0)}});
  CHECK(account.firing() == failing);
  account.tick({{"a", 0, {}}, {"b", 0, {}}});
  CHECK(account.firing().empty());
  account.commit();
  CHECK(causes(account.disk) ==
        std::vector<std::string>{"AtlasAuditorDeliveryFailing by evidence"});
}

TEST_CASE("a journal that fails is an alert until a commit succeeds") {
  Account account(one_key());
  settle(account);
  account.ledger().journal_failed("the disk is full");
  account.tick();
  CHECK(account.firing() == Names{"AtlasAuditorJournalFailing"});
  account.ledger().journal_works();
  account.tick();
  CHECK(account.firing().empty());
  account.commit();
  CHECK(causes(account.disk) == std::vector<std::string>{"AtlasAuditorJournalFailing by evidence"});
}

TEST_CASE("a restart does not end the alert of a journal that fails, its first commit does") {
  Account account(one_key());
  settle(account);
  account.ledger().journal_failed("the disk is full");
  account.tick();
  account.commit();
  account.kill_and_start();
  account.tick();
  CHECK(account.firing() == Names{"AtlasAuditorJournalFailing"});
  account.ledger().journal_works();
  account.tick();
  CHECK(account.firing().empty());
}

TEST_CASE("a receiver that is new is told what fires, once") {
  Account account(one_key());
  account.poll(0, kTooMuch);
  settle(account);
  const auto told = account.ledger().tell_newcomers({"a", "c"});
  REQUIRE(told.size() == 1);
  CHECK(told[0].sink == "c");
  account.commit();
  CHECK(account.disk.outbox.size() == 1);
  CHECK(account.ledger().tell_newcomers({"a", "c"}).empty());
  account.poll(0, test::kAsItShouldBe);
  REQUIRE(account.waiting.size() == 1);
  CHECK(account.waiting.front().first.outbox[1].sink == "c");
}

TEST_CASE("a checkpoint an hour, by a clock that cannot be set") {
  Account account(two_keys());
  settle(account);
  account.poll(0, test::kAsItShouldBe);
  account.poll(1, test::timed_out());
  account.clock.set_wall(account.clock.wall() - hours(5));
  account.pass(minutes(59));
  account.commit();
  CHECK(account.disk.records_of(RecordType::checkpoint).empty());
  account.pass(minutes(1));
  account.commit();
  const auto checkpoints = account.disk.records_of(RecordType::checkpoint);
  REQUIRE(checkpoints.size() == 1);
  CHECK(data_of(checkpoints[0]).at("keys") == 2);
  CHECK(data_of(checkpoints[0]).at("polls") == 2);
  CHECK(data_of(checkpoints[0]).at("conclusive") == 1);
  CHECK(data_of(checkpoints[0]).at("oldest_success").is_null());
}

TEST_CASE("the last conclusive poll is kept to a minute, without a record") {
  Account account(one_key());
  account.poll(0, test::kAsItShouldBe);
  for (int i = 0; i < 40; ++i) {
    account.clock.advance(seconds(30));
    account.poll(0, test::kAsItShouldBe);
    account.tick();
  }
  settle(account);
  const base::WallTime last = account.table().key(0).last_success;
  account.kill_and_start();
  CHECK(last - account.table().key(0).last_success < minutes(1));
  CHECK(account.table().key(0).last_success <= last);
}

TEST_CASE("an orderly end keeps the last conclusive poll to a second") {
  Account account(one_key());
  account.poll(0, test::kAsItShouldBe);
  account.tick();
  account.clock.advance(seconds(17));
  account.poll(0, test::kAsItShouldBe);
  const base::WallTime last = account.table().key(0).last_success;
  account.ledger().flush_seen(account.table());
  account.commit();
  account.kill_and_start();
  CHECK(last - account.table().key(0).last_success < seconds(1));
}

TEST_CASE("an alert that resolved is forgotten after an hour") {
  Account account(one_key());
  account.poll(0, kTooMuch);
  account.poll(0, test::kAsItShouldBe);
  settle(account);
  account.kill_and_start();
  CHECK(account.resolved() == Names{kDrift});
  account.pass(hours(1));
  CHECK(account.resolved().empty());
  account.commit();
  CHECK(account.disk.alerts(true).empty());
}

TEST_CASE(
    "a key is stale from when it was configured, though a restart came before its first poll") {
  Account account(one_key());
  account.commit();
  account.pass(minutes(14));
  account.kill_and_start();
  account.poll(0, test::timed_out());
  account.poll(0, test::timed_out());
  CHECK(account.firing().empty());
  account.pass(minutes(1));
  CHECK(account.firing() == Names{"AtlasKeyStale key1"});
}

TEST_CASE("restarts more often than an interval hide no organization that is out of reach") {
  Account account(two_keys());
  for (int run = 0; run < 4; ++run) {
    account.poll(0, test::unauthorized());
    account.poll(1, test::unauthorized());
    account.pass(minutes(2));
    account.commit();
    if (run < 3) account.kill_and_start();
  }
  CHECK(account.firing() == Names{"AtlasOrgUnreachable"});
}

}  // namespace
}  // namespace aka::ledger
