// Snapshots: one consistent moment that later changes do not reach.
#include "model/snapshot.h"

#include <atomic>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "support/fake_clock.h"

namespace aka::model {
namespace {

std::shared_ptr<const Roster> roster_of(std::size_t organizations, std::size_t keys_each) {
  auto roster = std::make_shared<Roster>();
  for (std::size_t i = 0; i < organizations; ++i) {
    Organization organization;
    organization.first_key = roster->key_count;
    organization.keys.resize(keys_each);
    roster->key_count += keys_each;
    roster->organizations.push_back(std::move(organization));
  }
  return roster;
}

KeyStatus with_status(int http_status) {
  KeyStatus status;
  status.http_status = static_cast<std::int16_t>(http_status);
  return status;
}

TEST_SUITE("status table") {
  TEST_CASE("every key begins unpolled") {
    const testing::FakeClock clock;
    const StatusTable table(roster_of(2, 300), 3);
    const Snapshot snapshot = table.snapshot(clock);
    for (std::size_t i = 0; i < 600; ++i) CHECK(snapshot.status(i).state == State::pending);
    CHECK(snapshot.organizations.size() == 2);
    CHECK(snapshot.wall == clock.wall());
    CHECK(snapshot.steady == clock.steady());
  }

  TEST_CASE("a snapshot keeps its moment while the table goes on") {
    const testing::FakeClock clock;
    StatusTable table(roster_of(1, 600), 3);
    table.set_key(5, with_status(200));
    const Snapshot before = table.snapshot(clock);
    table.set_key(5, with_status(404));
    table.set_key(599, with_status(500));
    const Snapshot after = table.snapshot(clock);
    CHECK(before.status(5).http_status == 200);
    CHECK(before.status(599).http_status == 0);
    CHECK(after.status(5).http_status == 404);
    CHECK(after.status(599).http_status == 500);
    CHECK(table.key(5).http_status == 404);
  }

  TEST_CASE("chunks without a change are shared by snapshots") {
    const testing::FakeClock clock;
    StatusTable table(roster_of(1, kChunkSize * 3), 3);
    const Snapshot before = table.snapshot(clock);
    table.set_key(kChunkSize, with_status(200));
    const Snapshot after = table.snapshot(clock);
    CHECK(before.chunks[0] == after.chunks[0]);
    CHECK(before.chunks[1] != after.chunks[1]);
    CHECK(before.chunks[2] == after.chunks[2]);
  }

  TEST_CASE("a key goes stale by its organization's effective interval") {
    const testing::FakeClock clock;
    StatusTable table(roster_of(2, 1), 3);
    OrganizationStatus slow;
    slow.effective_interval = std::chrono::minutes(10);
    table.set_organization(1, slow);
    const Snapshot snapshot = table.snapshot(clock);
    CHECK(snapshot.stale_after_of(snapshot.roster->organizations[1]) == std::chrono::minutes(30));
    CHECK(table.organization(1).effective_interval == std::chrono::minutes(10));
  }

  TEST_CASE("readers never see a key change without its organization") {
    const testing::FakeClock clock;
    StatusTable table(roster_of(1, kChunkSize * 2), 3);
    std::atomic<bool> done{false};
    std::atomic<int> torn{0};
    std::vector<std::jthread> readers;
    for (int reader = 0; reader < 2; ++reader) {
      readers.emplace_back([&] {
        while (!done) {
          const Snapshot snapshot = table.snapshot(clock);
          const long long remaining = snapshot.organizations[0].rate_limit_remaining.value_or(0);
          if (snapshot.status(7).http_status != remaining) ++torn;
        }
      });
    }
    for (int i = 1; i <= 2000; ++i) {
      table.update(7, 0, [&](KeyStatus& key, OrganizationStatus& organization) {
        key.http_status = static_cast<std::int16_t>(i);
        organization.rate_limit_remaining = i;
      });
    }
    done = true;
    readers.clear();
    CHECK(torn == 0);
    CHECK(table.key(7).http_status == 2000);
  }
}

}  // namespace
}  // namespace aka::model
