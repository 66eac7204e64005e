// A store that opened only after the start, or begins anew: what is in memory and what is on the
// disk come together, and nothing ends for want of knowledge.
#include <doctest/doctest.h>

#include "ledger/account.h"

namespace aka::ledger {
namespace {

using std::chrono::hours;
using test::Account;
using Names = std::set<std::string>;

const model::Answer kTooMuch = test::record(test::roles({"ORG_MEMBER", "ORG_OWNER"}), "ci");
constexpr const char* kDrift1 = "AtlasKeyDrift key1 role_unexpected ORG_OWNER";
constexpr const char* kDrift2 = "AtlasKeyDrift key2 role_unexpected ORG_OWNER";

model::Organization two_keys() {
  return test::organization_of({test::expected_key('1'), test::expected_key('2')});
}

/// What an earlier run left: both keys drift, and the notifications are still to be delivered.
test::Disk left_behind() {
  Account account(two_keys());
  account.poll(0, kTooMuch);
  account.poll(1, kTooMuch);
  account.commit();
  return account.disk;
}

TEST_CASE("alerts of a store that opened late go on until a conclusive poll disproves them") {
  Account account(two_keys());
  account.poll(0, test::timed_out());
  const Remembered remembered = account.ledger().merge(left_behind().restored());
  CHECK(remembered.outbox.size() == 4);
  CHECK(account.firing() == Names{kDrift1, kDrift2});
  CHECK(test::names_of(account.ledger().committed()) == Names{kDrift1, kDrift2});
  account.poll(0, test::timed_out());
  account.poll(1, test::forbidden());
  account.pass(std::chrono::seconds(1));
  account.reload(account.roster());
  CHECK(account.firing() == Names{kDrift1, kDrift2});
  account.poll(0, test::kAsItShouldBe);
  CHECK(account.firing() == Names{kDrift2});
  account.poll(1, kTooMuch);
  CHECK(account.firing() == Names{kDrift2});
}

TEST_CASE("an alert that both know is shown once") {
  Account account(two_keys());
  account.poll(0, kTooMuch);
  account.ledger().merge(left_behind().restored());
  CHECK(account.ledger().shown().firing.size() == 2);
}

TEST_CASE("alerts of what is not configured any more end as such") {
  Account account(test::organization_of({test::expected_key('1')}));
  account.ledger().merge(left_behind().restored());
  account.ledger().drop_unwatched(account.table());
  CHECK(account.firing() == Names{kDrift1});
  account.commit();
  CHECK(account.disk.records_of(journal::RecordType::alert_resolved).size() == 1);
}

TEST_CASE("a weakening and a failing delivery of the run before go on") {
  Account before(two_keys());
  policy::Weakening weaker;
  weaker.kind = policy::WeakeningKind::check_dropped;
  before.reload(before.roster(), {weaker});
  before.tick({{"a", 1, hours(1)}});
  before.commit();

  Account account(two_keys());
  account.ledger().merge(before.disk.restored());
  account.tick({{"a", 1, {}}});
  CHECK(account.firing() == Names{"AtlasPolicyWeakened", "AtlasAuditorDeliveryFailing a"});
}

TEST_CASE("an organization out of reach and its unlisted keys wait for an answer of their own") {
  model::Organization organization = two_keys();
  organization.discover = true;
  Account before(organization);
  model::OrganizationStatus of = before.table().organization(0);
  of.unreachable = true;
  model::Discovery discovery;
  model::UnmanagedKey key;
  key.id = model::KeyId::parse("64aa11bb22cc33dd44ee55ff").value();
  key.presences = 2;
  key.finding.kind = model::FindingKind::unmanaged_key;
  discovery.unmanaged = {key};
  of.discovery = std::make_shared<const model::Discovery>(discovery);
  before.ledger().discovery(Cause::evidence, organization, {of.discovery, {}, {}}, of);
  before.commit();
  REQUIRE(before.firing() == Names{"AtlasOrgUnreachable", "AtlasKeyUnmanaged"});

  Account account(organization);
  account.ledger().merge(before.disk.restored());
  account.poll(0, test::timed_out());
  account.tick();
  CHECK(account.firing() == Names{"AtlasOrgUnreachable", "AtlasKeyUnmanaged"});
  account.poll(0, test::kAsItShouldBe);
  account.tick();
  CHECK(account.firing() == Names{"AtlasKeyUnmanaged"});
  of = account.table().organization(0);
  discovery.unmanaged.clear();
  discovery.last_complete = account.clock.wall();
  of.discovery = std::make_shared<const model::Discovery>(discovery);
  account.ledger().discovery(Cause::evidence, organization, {of.discovery, {}, {}}, of);
  CHECK(account.firing().empty());
}

TEST_CASE("ids ascend, though the clock went back") {
  const test::Disk before = left_behind();
  for (const bool late : {false, true}) {
    CAPTURE(late);
    Account account(two_keys());
    account.clock.set_wall(account.clock.wall() - hours(1));
    account.disk = late ? test::Disk{} : before;
    account.kill_and_start();
    account.commit();
    if (late) account.ledger().merge(before.restored());
    account.poll(0, kTooMuch);
    account.poll(0, test::kAsItShouldBe);
    REQUIRE(account.waiting.size() >= 1);
    for (const auto& [transition, then] : account.waiting) {
      for (const store::OutboxEntry& entry : transition.outbox) {
        CHECK(entry.id > before.last_outbox_id);
      }
    }
  }
}

TEST_CASE("a store that begins anew gets all that a restart needs") {
  Account account(two_keys());
  account.poll(0, kTooMuch);
  account.poll(1, kTooMuch);
  account.poll(1, test::kAsItShouldBe);
  account.commit();
  const store::Transition everything = account.ledger().everything(account.table());
  account.disk = {};
  account.disk.write(everything);
  const auto pending = account.sent.size();
  account.kill_and_start();
  CHECK(account.firing() == Names{kDrift1});
  CHECK(account.resolved() == Names{kDrift2});
  CHECK(account.sent.size() == pending);
  CHECK(account.table().key(0).findings->size() == 1);
  account.poll(0, test::timed_out());
  account.tick();
  CHECK(account.firing() == Names{kDrift1});
}

}  // namespace
}  // namespace aka::ledger
