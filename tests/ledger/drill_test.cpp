// Drills go the way of real alerts and touch none of them.
#include "incident/drill.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "ledger/account.h"

namespace aka::ledger {
namespace {

using journal::RecordType;
using test::Account;

const model::Answer kTooMuch = test::record(test::roles({"ORG_MEMBER", "ORG_OWNER"}), "ci");
const model::Answer kFine = test::kAsItShouldBe;

incident::SharedAlert begin(Account& account) {
  const model::Organization& organization = account.roster()->organizations.front();
  const model::Key& key = organization.keys.front();
  const auto finding =
      incident::pretend({incident::Pretence::role_added, "ORG_OWNER"}, key, account.clock.wall());
  return account.ledger().begin_drill(organization, key, finding.value());
}

void end(Account& account) {
  const model::Organization& organization = account.roster()->organizations.front();
  account.ledger().end_drills(organization, organization.keys.front());
}

std::vector<std::string> phases(const test::Disk& disk) {
  std::vector<std::string> all;
  for (const journal::Draft& record : disk.records_of(RecordType::drill)) {
    all.push_back(nlohmann::json::parse(record.data).at("phase").get<std::string>());
  }
  return all;
}

TEST_CASE("a drill is journaled, sent to every receiver, shown, and resolved") {
  Account account(test::organization_of({test::expected_key('1')}));
  account.poll(0, kFine);
  account.commit();
  const auto alert = begin(account);
  REQUIRE(alert != nullptr);
  CHECK(begin(account) == nullptr);
  CHECK(account.ledger().shown().firing.size() == 1);
  account.commit();
  CHECK(account.sent.size() == 2);
  account.deliver();
  account.commit();
  CHECK(account.disk.records_of(RecordType::alert_sent).size() == 2);
  end(account);
  account.commit();
  account.deliver();
  account.commit();
  CHECK(account.ledger().shown().firing.empty());
  CHECK(account.accepted.size() == 4);
  CHECK(account.accepted.back().alert->ends_at.has_value());
  CHECK(phases(account.disk) == std::vector<std::string>{"begun", "ended"});
  CHECK(account.disk.outbox.empty());
  end(account);
  CHECK(account.waiting.empty());
}

TEST_CASE("no poll ends a drill, and a drill ends nothing real") {
  Account account(test::organization_of({test::expected_key('1')}));
  begin(account);
  account.poll(0, kFine);
  account.pass(std::chrono::minutes(1));
  CHECK(account.ledger().shown().firing.size() == 1);
  account.poll(0, kTooMuch);
  CHECK(account.ledger().shown().firing.size() == 2);
  end(account);
  CHECK(account.firing() == std::set<std::string>{"AtlasKeyDrift key1 role_unexpected ORG_OWNER"});
  CHECK_FALSE(account.ledger().shown().firing.front()->labels.contains("drill"));
}

TEST_CASE("a reload ends a drill, and so does a restart") {
  for (const bool restart : {false, true}) {
    CAPTURE(restart);
    Account account(test::organization_of({test::expected_key('1')}));
    begin(account);
    account.commit();
    if (restart) {
      account.kill_and_start();
    } else {
      account.reload(account.roster());
    }
    CHECK(account.ledger().shown().firing.empty());
    account.commit();
    account.deliver();
    CHECK(account.accepted.back().alert->ends_at.has_value());
  }
}

}  // namespace
}  // namespace aka::ledger
