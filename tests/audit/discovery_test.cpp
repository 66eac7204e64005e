// Sweeps beside polls: what they find, what they cost, and what a broken one proves.
#include <algorithm>
#include <atomic>
#include <thread>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "audit/auditor.h"
#include "audit/fake_service.h"
#include "support/fake_clock.h"

using namespace std::chrono_literals;
using namespace aka;

TEST_SUITE_BEGIN("discovery");

namespace {

constexpr std::size_t kHeld = 1800;  // keys of the organization, over 4 pages
constexpr std::size_t kWatched = 20;

std::string id_of(std::size_t number) { return fmt::format("64aa11bb22cc33dd{:08x}", number); }

std::string key_text(std::size_t number) {
  return fmt::format(
      R"({{"id":"{}","publicKey":"abcdwxyz","roles":[{{"orgId":"{}","roleName":"ORG_MEMBER"}}]}})",
      id_of(number), std::string(24, 'a'));
}

std::string page_part(int page) { return fmt::format("&pageNum={}", page); }

struct World {
  testing::FakeClock clock;
  testing::FakeService service{clock};
  std::atomic<int> opened{0};
  std::atomic<int> closed{0};
  std::atomic<int> lookups{0};
  std::unique_ptr<audit::Auditor> auditor;

  World() {
    audit::Observers observers{
        [](const audit::PollReport&) {},
        [](const model::Organization&, const model::Key&, const policy::Advance&) {}};
    observers.page = [this](const audit::PageReport& report) { count(report.advance); };
    observers.discovery = [this](const model::Organization&,
                                 const policy::DiscoveryAdvance& advance) { count(advance); };
    observers.credential = [this](const audit::CredentialReport&) { ++lookups; };
    auditor = std::make_unique<audit::Auditor>(observers, clock);
    for (std::size_t i = 0; i < kWatched; ++i) {
      service.answer("/" + id_of(i), http::Answer{200, {}, key_text(i)});
    }
    hold(kHeld);
  }

  void count(const policy::DiscoveryAdvance& advance) {
    for (const policy::Change& change : advance.changes) {
      ++(change.kind == policy::ChangeKind::opened ? opened : closed);
    }
  }

  /// The organization holds the keys 0 to `keys`.
  void hold(std::size_t keys) {
    for (int page = 1; page <= 4; ++page) {
      const std::size_t first = static_cast<std::size_t>(page - 1) * 500;
      std::vector<std::string> texts;
      for (std::size_t i = first; i < std::min(keys, first + 500); ++i) {
        texts.push_back(key_text(i));
      }
      service.answer(
          page_part(page),
          http::Answer{200,
                       {},
                       fmt::format(R"({{"links":[{{"rel":"{}"}}],"results":[{}]}})",
                                   keys > first + 500 ? "next" : "self", fmt::join(texts, ","))});
    }
  }

  audit::Plan plan(std::size_t listed = kWatched, int burst = 10) {
    model::Organization watched;
    watched.id = *model::OrganizationId::parse(std::string(24, 'a'));
    watched.name = "prod";
    watched.interval = 60s;
    watched.discover = true;
    watched.owner = std::make_shared<const std::string>();
    for (std::size_t i = 0; i < listed; ++i) {
      model::Key key;
      key.id = *model::KeyId::parse(id_of(i));
      key.name = id_of(i);
      key.policy = std::make_shared<const model::Policy>();
      key.owner = watched.owner;
      watched.keys.push_back(std::move(key));
    }
    model::Roster roster;
    roster.key_count = watched.keys.size();
    roster.organizations.push_back(std::move(watched));
    audit::Plan plan;
    plan.roster = std::make_shared<const model::Roster>(std::move(roster));
    plan.polls = {5s, 0.0, 2, burst, 60};
    plan.connect = [this](const model::Organization&) {
      return std::make_unique<atlas::Client>(
          std::make_shared<atlas::Service>(), std::make_shared<testing::OpenCredential>(),
          std::make_unique<testing::FakeServiceTransport>(service), clock);
    };
    return plan;
  }

  model::OrganizationStatus status() { return auditor->snapshot().organizations[0]; }

  /// Moves the clock by half seconds, each of which the scheduler sees, until `done` or `limit`.
  template <typename Done>
  bool run_until(const Done& done, std::chrono::seconds limit = 300s) {
    for (auto passed = 0ms; passed < limit; passed += 500ms) {
      for (int i = 0; i < 1'000'000 && !auditor->beats_within(0s); ++i) std::this_thread::yield();
      if (done()) return true;
      clock.advance(500ms);
    }
    return done();
  }

  bool swept(int times) {
    return run_until([&] {
      return service.asked(page_part(4)).size() >= static_cast<std::size_t>(times) &&
             status().discovery != nullptr && status().discovery->last_complete != base::WallTime{};
    });
  }
};

/// Never more than `burst`, and one a second, in any stretch of time.
bool keeps_to(const std::vector<testing::FakeService::Asked>& asked, int burst) {
  for (std::size_t i = 0; i < asked.size(); ++i) {
    for (std::size_t j = i; j < asked.size(); ++j) {
      const auto seconds = std::chrono::duration<double>(asked[j].at - asked[i].at).count();
      if (static_cast<double>(j - i + 1) > burst + seconds + 1e-6) return false;
    }
  }
  return true;
}

}  // namespace

TEST_CASE("a sweep over 4 pages finds every unlisted key, within the budget of the polls") {
  World world;
  world.auditor->adopt(world.plan());
  REQUIRE(world.swept(2));
  CHECK(world.opened == static_cast<int>(kHeld - kWatched));
  CHECK(world.closed == 0);
  CHECK(world.status().discovery->unmanaged.size() == kHeld - kWatched);
  CHECK(world.status().discovery->failure.empty());
  for (int page = 1; page <= 4; ++page) CHECK(world.service.asked(page_part(page)).size() == 2);
  CHECK(keeps_to(world.service.asked(), 10));
  for (std::size_t i = 0; i < kWatched; ++i)
    CHECK_FALSE(world.service.asked("/" + id_of(i)).empty());
  for (std::size_t i = 0; i < kWatched; ++i) {
    CHECK(world.auditor->snapshot().status(i).state == model::State::compliant);
  }
}

TEST_CASE("a 500 on page 3 closes nothing, and the next sweep begins anew") {
  World world;
  world.auditor->adopt(world.plan());
  REQUIRE(world.swept(1));
  world.hold(1500);  // 300 are gone, and page 3 would say that it is the last
  world.service.answer(page_part(3), http::Answer{500, {}, ""});
  const std::size_t before = world.service.asked(page_part(3)).size();
  REQUIRE(world.run_until([&] { return world.service.asked(page_part(3)).size() >= before + 3; }));
  REQUIRE(world.run_until([&] { return !world.status().discovery->failure.empty(); }));
  CHECK(world.closed == 0);
  CHECK(world.status().discovery->unmanaged.size() == kHeld - kWatched);
  CHECK(world.service.asked(page_part(4)).size() == 1);
  CHECK(world.service.asked(page_part(1)).size() >= 4);
}

TEST_CASE("a key that two complete sweeps lack is closed, one that gets listed at once") {
  World world;
  world.auditor->adopt(world.plan());
  REQUIRE(world.swept(1));
  world.hold(kHeld - 1);
  REQUIRE(world.run_until([&] { return world.closed == 1; }));
  CHECK(world.service.asked(page_part(4)).size() >= 3);
  world.auditor->adopt(world.plan(kWatched + 5));
  CHECK(world.closed == 6);
  CHECK(world.status().discovery->unmanaged.size() == kHeld - kWatched - 6);
}

TEST_CASE("once reads the whole list, and looks at no credential") {
  World world;
  auto plan = world.plan(kWatched, 1000);
  plan.credential = [](const model::Organization&) { return audit::CredentialFacts{"k", true}; };
  world.auditor->adopt(std::move(plan), audit::PollMode::once);
  world.auditor->wait_until_done();
  CHECK(world.service.asked().size() == kWatched + 4);
  CHECK(world.status().discovery->unmanaged.size() == kHeld - kWatched);
  CHECK(world.lookups == 0);
}

TEST_CASE("the own credential is looked at at start and daily, and a failure says nothing") {
  World world;
  auto plan = world.plan(1);
  plan.credential = [](const model::Organization&) { return audit::CredentialFacts{"k", true}; };
  world.service.answer("/api/atlas/v2", http::Answer{403, {}, "{}"});
  world.auditor->adopt(plan);
  REQUIRE(world.run_until([&] { return world.lookups == 1; }));
  CHECK_FALSE(world.status().credential_excess.has_value());
  world.service.answer(
      "/api/atlas/v2",
      http::Answer{200,
                   {},
                   fmt::format(R"({{"apiKey":{{"id":"{0}","roles":[{{"orgId":"{1}",)"
                               R"("roleName":"ORG_OWNER"}}]}}}})",
                               id_of(9), std::string(24, 'a'))});
  world.clock.advance(1h);
  REQUIRE(world.run_until([&] { return world.lookups == 2; }));
  CHECK(world.status().credential_excess == true);
  world.auditor->adopt(plan);
  CHECK(world.status().credential_excess == true);
  world.clock.advance(23h);
  CHECK(world.lookups == 2);
  world.clock.advance(2h);
  REQUIRE(world.run_until([&] { return world.lookups == 3; }));
}

TEST_CASE("a page yields to due polls, but not for ever") {
  const base::SteadyTime start{1h};
  audit::Schedule schedule(60s);
  schedule.add({start, 0, audit::JobKind::sweep});
  schedule.add({start + 5s, 1, audit::JobKind::poll});
  schedule.add({start + 70s, 2, audit::JobKind::poll});
  CHECK(schedule.next() == start);
  CHECK(schedule.take(start + 80s).key == 1);
  CHECK(schedule.take(start + 80s).kind == audit::JobKind::sweep);
  CHECK(schedule.take(start + 80s).key == 2);
  CHECK(schedule.empty());
}
