// Laws of the account over random runs: polls, commits that come late, deliveries, kills, reloads.
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>
#include <rapidcheck.h>

#include "ledger/account.h"

namespace aka::ledger {
namespace {

using incident::Alert;
using std::chrono::minutes;
using test::Account;

model::Answer answer(unsigned choice) {
  switch (choice % 9) {
    case 0:
      return model::KeyMissing{};
    case 1:
      return test::forbidden();
    case 2:
      return test::not_found(model::Reason::org_missing);
    case 3:
      return test::timed_out();
    case 4:
      return test::record({}, "ci");
    case 5:
    case 6:
      return test::record(test::roles({"ORG_MEMBER", "ORG_OWNER"}), "other");
    default:
      return test::kAsItShouldBe;
  }
}

std::shared_ptr<const model::Roster> changed(const Account& account, unsigned choice) {
  model::Organization organization = account.roster()->organizations[0];
  switch (choice % 4) {
    case 0:
      organization.keys[0].owner = std::make_shared<const std::string>(choice % 8 ? "us" : "them");
      break;
    case 1:
      if (organization.keys.size() == 1) {
        organization.keys.push_back(test::expected_key('2'));
      } else {
        organization.keys.pop_back();
      }
      break;
    case 2:
      organization.keys[0].waivers = std::make_shared<const std::vector<model::Waiver>>(
          std::vector<model::Waiver>{{model::FindingKind::role_unexpected, "ORG_OWNER", "", "",
                                      account.clock.wall() + minutes(choice % 60), "why", ""}});
      break;
    default:
      break;
  }
  return test::roster_of({std::move(organization)});
}

/// One deed, told by a number.
void perform(Account& account, unsigned number) {
  const unsigned choice = number / 16;
  account.clock.advance(std::chrono::seconds(1));
  switch (number % 16) {
    case 0:
    case 1:
      account.commit(choice % 4);
      return;
    case 2:
      account.commit();
      return;
    case 3:
      account.deliver(choice % 3);
      return;
    case 4:
      account.deliver();
      return;
    case 5:
      account.pass(minutes(choice % 30));
      return;
    case 6:
      account.reload(changed(account, choice));
      return;
    case 7:
      account.kill_and_start();
      return;
    default:
      account.poll(choice / 9 % account.roster()->key_count, answer(choice));
      return;
  }
}

using Run = std::vector<unsigned>;

Run a_run() {
  return *rc::gen::resize(
      60, rc::gen::container<Run>(rc::gen::resize(100, rc::gen::inRange(0u, 1u << 14))));
}

/// An alert, beginning and end.
std::string episode(const Alert& alert) { return incident::to_text(alert); }

/// Each end or beginning that is on the disk was taken by the receiver, or will be.
void check_receivers(const Account& account) {
  for (const std::string& sink : {std::string("a"), std::string("b")}) {
    std::set<std::string> told;
    for (const Outgoing& one : account.accepted) {
      if (one.sink == sink) told.insert(episode(*one.alert));
    }
    for (const auto& [id, entry] : account.disk.outbox) {
      if (entry.sink == sink) told.insert(entry.alert);
    }
    for (const bool resolved : {false, true}) {
      for (const auto& alert : account.disk.alerts(resolved)) {
        RC_ASSERT(told.contains(episode(*alert)));
      }
    }
  }
}

void check_page(const Account& account, Ledger& ledger) {
  std::set<std::string> identities;
  const Ledger::Shown shown = ledger.shown();
  for (const auto* list : {&shown.firing, &shown.resolved}) {
    for (const auto& alert : *list) {
      RC_ASSERT(identities.insert(incident::identity_of(alert->labels)).second);
    }
  }
  // What receivers are told again and again is on the disk.
  std::set<std::string> on_disk;
  for (const auto& alert : account.disk.alerts(false)) on_disk.insert(episode(*alert));
  std::set<std::string> repeated;
  for (const auto& alert : ledger.committed()) repeated.insert(episode(*alert));
  RC_ASSERT(repeated == on_disk);
}

/// Counts the record of each end; by labels and beginning.
void check_records(const Account& account) {
  std::map<std::string, int> ends;
  std::map<std::string, int> sent;
  for (const journal::Draft& record : account.disk.records) {
    const nlohmann::json data = nlohmann::json::parse(record.data);
    if (record.type != journal::RecordType::alert_resolved &&
        record.type != journal::RecordType::alert_sent) {
      continue;
    }
    const std::string name =
        data.at("labels").dump() + data.at("starts_at").dump() + data.value("sink", "");
    auto& counts = record.type == journal::RecordType::alert_sent ? sent : ends;
    RC_ASSERT(++counts[name] == 1);
  }
}

TEST_CASE("an alert that is on the disk reaches each receiver, whenever the process is killed") {
  CHECK(rc::check([] {
    Account account(test::organization_of({test::expected_key('1'), test::expected_key('2')}));
    for (const unsigned number : a_run()) {
      perform(account, number);
      check_receivers(account);
      check_page(account, account.ledger());
      check_records(account);
    }
    account.commit();
    account.deliver();
    account.commit();
    RC_ASSERT(account.disk.outbox.empty());
  }));
}

TEST_CASE("after a kill that lost nothing all fires that fired, and nobody is told again") {
  CHECK(rc::check([] {
    Account account(test::organization_of({test::expected_key('1'), test::expected_key('2')}));
    for (const unsigned number : a_run()) {
      perform(account, number);
      if (number % 5 != 0) continue;
      account.tick();
      account.commit();
      account.deliver();
      account.commit();
      const auto firing = account.firing();
      const auto resolved = account.resolved();
      account.kill_and_start();
      account.tick();
      account.commit();
      RC_ASSERT(account.firing() == firing);
      RC_ASSERT(account.resolved() == resolved);
      RC_ASSERT(account.sent.empty());
    }
  }));
}

TEST_CASE("a notification's id is higher than all before it") {
  CHECK(rc::check([] {
    Account account(test::organization_of({test::expected_key('1'), test::expected_key('2')}));
    std::int64_t highest = 0;
    std::size_t seen = 0;
    for (const unsigned number : a_run()) {
      if (number % 13 == 0) {
        account.clock.set_wall(account.clock.wall() - std::chrono::hours(1));
      }
      if (number % 16 <= 2) {
        account.commit();
        seen = 0;
        continue;
      }
      if (number % 16 == 7) account.commit();  // ids that were never on a disk may come again
      perform(account, number);
      if (number % 16 == 7) seen = 0;
      for (; seen < account.waiting.size(); ++seen) {
        for (const store::OutboxEntry& entry : account.waiting[seen].first.outbox) {
          RC_ASSERT(entry.id > highest);
          highest = entry.id;
        }
      }
    }
  }));
}

}  // namespace
}  // namespace aka::ledger
