// `fetch: list` over time: what is asked for, when, and what comes of it.
#include <atomic>
#include <thread>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "audit/auditor.h"
#include "audit/world_service.h"
#include "support/fake_clock.h"

using namespace std::chrono_literals;
using namespace aka;
using model::State;

TEST_SUITE_BEGIN("list mode");

namespace {

constexpr std::size_t kKeys = 12;  // on 3 pages

std::string id_of(std::size_t number) { return fmt::format("64aa11bb22cc33dd44ee{:04x}", number); }

std::string key_text(std::size_t number, const std::string& role = "ORG_MEMBER") {
  return fmt::format(R"({{"id":"{}","roles":[{{"orgId":"{}","roleName":"{}"}}]}})", id_of(number),
                     std::string(24, 'a'), role);
}

struct World {
  testing::FakeClock clock;
  testing::WorldService service;
  std::atomic<std::size_t> polls{0};
  audit::Observers observers{
      [this](const audit::PollReport&) { ++polls; },
      [](const model::Organization&, const model::Key&, const policy::Advance&) {}};
  audit::Auditor auditor{observers, clock};
  base::Duration interval = 60s;
  base::Duration recheck = 24h;
  model::Fetch fetch = model::Fetch::list;
  bool discover = false;
  std::size_t listed = kKeys;
  std::size_t absent = kKeys;  // the key that is expected to be; kKeys: none
  std::string role = "ORG_MEMBER";

  World() {
    for (std::size_t i = 0; i < kKeys; ++i) service.keys[id_of(i)] = key_text(i);
  }

  audit::Plan plan() {
    model::Policy policy;
    policy.roles.emplace();
    policy.roles->exact = true;
    policy.roles->required = {{role, model::ScopePatternKind::organization, {}}};
    const auto shared = std::make_shared<const model::Policy>(std::move(policy));
    model::Organization of;
    of.id = *model::OrganizationId::parse(std::string(24, 'a'));
    of.name = "prod";
    of.interval = interval;
    of.fetch = fetch;
    of.discover = discover;
    of.owner = std::make_shared<const std::string>();
    for (std::size_t i = 0; i < listed; ++i) {
      model::Key key;
      key.id = *model::KeyId::parse(id_of(i));
      key.name = id_of(i);
      key.owner = of.owner;
      if (i == absent) {
        key.expect = model::Expectation::absent;
      } else {
        key.policy = shared;
      }
      of.keys.push_back(std::move(key));
    }
    model::Roster roster;
    roster.key_count = of.keys.size();
    roster.organizations.push_back(std::move(of));
    audit::Plan plan;
    plan.roster = std::make_shared<const model::Roster>(std::move(roster));
    plan.polls = {5s, 0.0, 2, 1000, 60'000, 2, recheck};
    plan.connect = [this](const model::Organization&) {
      return std::make_unique<atlas::Client>(
          std::make_shared<atlas::Service>(), std::make_shared<testing::OpenCredential>(),
          std::make_unique<testing::WorldTransport>(service), clock);
    };
    return plan;
  }

  /// All that is due is done, however many requests follow from each other.
  void settle() {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    std::size_t asked = 0;
    do {
      while (auditor.under_way() != 0) std::this_thread::yield();
      asked = service.asked("");
      // The second wait from here on began with nothing left that is due.
      const std::size_t waits = clock.waits();
      while (clock.waits() < waits + 2 && auditor.under_way() == 0) {
        if (std::chrono::steady_clock::now() > deadline) FAIL("the scheduler does not rest");
        std::this_thread::yield();
      }
    } while (auditor.under_way() != 0 || service.asked("") != asked);
  }

  void pass(base::Duration by, base::Duration step = 10s) {
    settle();
    for (base::Duration passed{}; passed < by; passed += step) {
      clock.advance(step);
      settle();
    }
  }

  model::KeyStatus status(std::size_t key) { return auditor.snapshot().status(key); }
  std::size_t asked_for(std::size_t key) const { return service.asked("/" + id_of(key)); }
};

}  // namespace

TEST_CASE("one walk an interval judges every key, and each is one poll") {
  World world;
  world.auditor.adopt(world.plan());
  world.pass(5min);
  CHECK(world.service.lists() == 6 * 3);
  CHECK(world.service.gets() == 0);
  CHECK(world.polls == 6 * kKeys);
  for (std::size_t i = 0; i < kKeys; ++i) {
    CHECK(world.status(i).state == State::compliant);
    CHECK(world.status(i).conclusive_polls == 6);
  }
}

TEST_CASE("a key that the list lacks is asked for by itself, until its own answers are sure") {
  for (const bool expected : {true, false}) {
    CAPTURE(expected);
    World world;
    world.service.per_page = 100;
    world.absent = expected ? kKeys : 7;
    world.service.keys.erase(id_of(7));
    world.auditor.adopt(world.plan());
    world.settle();
    CHECK(world.asked_for(7) == 1);
    CHECK(world.status(7).state == (expected ? State::not_found : State::compliant));
    world.pass(10min);
    CHECK(world.service.gets() == world.asked_for(7));
    CHECK(world.asked_for(7) == (expected ? 2 : 1));
    CHECK(world.status(7).conclusive_polls == 11);
    CHECK(world.status(7).last_success >= world.clock.wall() - 60s);
    CHECK(world.status(7).http_status == 400);

    world.service.change([](auto& service) { service.keys[id_of(7)] = key_text(7); });
    world.pass(1min);
    CHECK(world.status(7).state == (expected ? State::compliant : State::drift));
    world.service.change([](auto& service) { service.keys.erase(id_of(7)); });
    const std::size_t before = world.asked_for(7);
    world.pass(1min);
    CHECK(world.asked_for(7) == before + 1);
  }
}

TEST_CASE("a list of several pages, which may miss a key that moved, proves no absence ever") {
  World world;
  world.service.keys.erase(id_of(7));
  world.auditor.adopt(world.plan());
  world.pass(5min);
  CHECK(world.service.lists() == 6 * 3);
  CHECK(world.service.gets() == 6);
  CHECK(world.asked_for(7) == 6);
}

TEST_CASE("what its own answer said stands no longer than nothing else came") {
  World world;
  world.service.per_page = 100;
  world.service.keys.erase(id_of(7));
  world.auditor.adopt(world.plan());
  world.pass(3min);
  REQUIRE(world.asked_for(7) == 2);
  world.service.change([](auto& service) { service.outage.status = 403; });
  world.pass(1min);
  CHECK(world.status(7).state == State::forbidden);
  world.service.change([](auto& service) { service.outage.status = 0; });
  world.pass(1min);
  CHECK(world.asked_for(7) == 3);
  CHECK(world.status(7).state == State::not_found);
}

TEST_CASE("a list that misses keys by accident makes none go missing") {
  World world;
  world.service.restless = true;
  world.auditor.adopt(world.plan());
  world.pass(10min);
  for (std::size_t i = 0; i < kKeys; ++i) {
    CHECK(world.status(i).state == State::compliant);
    CHECK(world.status(i).conclusive_polls == 11);
  }
  CHECK(world.service.gets() > 0);
}

TEST_CASE("what one more poll would confirm is asked for by itself within a minute") {
  World world;
  world.interval = 5min;
  world.service.keys[id_of(3)] = key_text(3, "ORG_READ_ONLY");  // ORG_MEMBER is missing
  world.auditor.adopt(world.plan());
  world.pass(50s);
  CHECK(world.service.gets() == 0);
  world.pass(10s);
  CHECK(world.asked_for(3) == 1);
  CHECK(world.status(3).conclusive_polls == 2);
  world.pass(4min);
  CHECK(world.service.gets() == 1);
  CHECK(world.service.lists() == 2 * 3);
}

TEST_CASE("where a minute brings the next walk anyway, nothing is asked for twice") {
  World world;
  world.service.keys[id_of(3)] = key_text(3, "ORG_READ_ONLY");
  world.auditor.adopt(world.plan());
  world.pass(2min);
  CHECK(world.service.gets() == 0);
  CHECK(world.status(3).conclusive_polls == 3);
}

TEST_CASE("where many keys of a page await a repeat, the list is read once more instead") {
  World world;
  world.interval = 5min;
  world.role = "ORG_READ_ONLY";  // of none
  world.listed = 11;
  // On one page, which is what counts.
  world.service.per_page = 100;
  world.auditor.adopt(world.plan());
  world.pass(1min);
  CHECK(world.service.gets() == 0);
  CHECK(world.service.lists() == 2);
  world.pass(4min);
  CHECK(world.service.lists() == 2);
}

TEST_CASE(
    "a page that fails is a failed poll of the keys not seen by then, and of the network once") {
  World world;
  world.auditor.adopt(world.plan());
  world.settle();
  world.service.change([](auto& service) { service.broken_page = 2; });
  world.pass(1min);
  for (std::size_t i = 0; i < kKeys; ++i) {
    const model::KeyStatus status = world.status(i);
    CHECK(status.state == (i < 5 ? State::compliant : State::error));
    CHECK(status.http_status == (i < 5 ? 200 : 500));
    CHECK(status.conclusive_polls == (i < 5 ? 2 : 1));
  }
  CHECK(world.polls == 2 * kKeys);
  CHECK(world.service.gets() == 0);
  CHECK(world.auditor.snapshot().organizations[0].failed_polls == 1);
  world.service.change([](auto& service) { service.broken_page = 0; });
  world.pass(1min);
  for (std::size_t i = 0; i < kKeys; ++i) CHECK(world.status(i).state == State::compliant);
}

TEST_CASE("a 429 in the middle holds the walk as long as it says") {
  World world;
  world.service.broken_page = 2;
  world.service.broken = {429, {{"Retry-After", "120"}}, ""};
  world.auditor.adopt(world.plan());
  world.settle();
  CHECK(world.status(0).state == State::compliant);
  CHECK(world.status(11).state == State::rate_limited);
  world.service.change([](auto& service) { service.broken_page = 0; });
  world.pass(110s);
  CHECK(world.service.lists() == 2);
  world.pass(30s);
  CHECK(world.service.lists() >= 5);
  CHECK(world.status(11).state == State::compliant);
}

TEST_CASE("a refusal that awaits confirmation repeats the walk, not each key") {
  World world;
  world.interval = 5min;
  world.service.outage = {403, {}, "{}"};
  world.auditor.adopt(world.plan());
  world.pass(1min);
  CHECK(world.service.lists() == 2);
  world.pass(4min);
  CHECK(world.service.lists() == 2);
  CHECK(world.service.gets() == 0);
}

TEST_CASE(
    "a service that does not look at the number of the page is told so, and not asked for ever") {
  World world;
  world.service.stuck = true;
  world.auditor.adopt(world.plan());
  world.settle();
  CHECK(world.service.lists() == 2);
  CHECK(world.status(0).state == State::compliant);
  CHECK(world.status(11).reason == model::Reason::invalid_body);
  CHECK(world.status(11).message->find("page 2 of the list of keys is page 1") == 0);
}

TEST_CASE("each key is also asked for by itself every recheck") {
  World world;
  world.recheck = 30min;
  world.auditor.adopt(world.plan());
  world.pass(30min, 30s);
  for (std::size_t i = 0; i < kKeys; ++i) CHECK(world.asked_for(i) == 1);
  CHECK(world.service.lists() == 31 * 3);
}

TEST_CASE("one walk serves discovery too") {
  World world;
  world.discover = true;
  world.listed = 10;
  world.auditor.adopt(world.plan());
  world.pass(2min);
  CHECK(world.service.lists() == 3 * 3);
  CHECK(world.auditor.snapshot().organizations[0].discovery->unmanaged.size() == 2);
  CHECK(world.polls == 3 * 10);
}

TEST_CASE("pages after the last configured key are not asked for") {
  World world;
  world.listed = 9;
  world.auditor.adopt(world.plan());
  world.pass(5min);
  CHECK(world.service.lists() == 6 * 2);
  CHECK(world.service.gets() == 0);
}

TEST_CASE("a list much longer than configured stretches the interval to what the limit can serve") {
  World world;
  world.interval = 1s;
  auto plan = world.plan();
  plan.polls.per_minute = 60;
  plan.polls.burst = 3;
  const audit::Demand configured =
      audit::demand_of(plan.roster->organizations[0], plan.polls.recheck, 60);
  CHECK(audit::effective_interval(world.interval, configured, 60) == 1001ms);
  world.auditor.adopt(std::move(plan));
  world.settle();
  CHECK(world.auditor.snapshot().organizations[0].effective_interval > 3s);
}

TEST_CASE("a reload may change the way to ask, and keeps what was known and what was to be asked") {
  World world;
  world.interval = 5min;
  world.service.keys[id_of(3)] = key_text(3, "ORG_READ_ONLY");
  world.auditor.adopt(world.plan());
  world.pass(30s);
  world.auditor.adopt(world.plan());
  world.pass(20s);
  CHECK(world.service.asked("") == 3);
  world.pass(10s);
  CHECK(world.asked_for(3) == 1);

  world.fetch = model::Fetch::per_key;
  world.auditor.adopt(world.plan());
  world.settle();
  CHECK(world.status(3).conclusive_polls >= 2);
  world.pass(5min);
  CHECK(world.service.lists() == 3);
  for (std::size_t i = 0; i < kKeys; ++i) CHECK(world.asked_for(i) >= 1);

  const std::size_t gets = world.service.gets();
  world.fetch = model::Fetch::list;
  world.auditor.adopt(world.plan());
  world.pass(1min);
  CHECK(world.service.lists() == 6);
  CHECK(world.service.gets() == gets);
}

TEST_CASE("another policy, and a key that came, are judged by a walk at once") {
  World world;
  world.interval = 5min;
  world.listed = 11;
  world.auditor.adopt(world.plan());
  world.pass(1min);
  world.listed = 12;
  world.role = "ORG_OWNER";
  world.auditor.adopt(world.plan());
  world.pass(10s);
  CHECK(world.service.lists() == 6);
  for (std::size_t i = 0; i < kKeys; ++i) CHECK(world.status(i).state == State::drift);
}

TEST_CASE(
    "1,200 keys of an organization are polled by 3 pages, lacking ones within the rate limit") {
  World world;
  world.service.per_page = 500;
  world.listed = 1200;
  world.absent = 1200;
  world.service.keys.clear();
  for (std::size_t i = 0; i < 1150; ++i) world.service.keys[id_of(i)] = key_text(i);
  auto plan = world.plan();
  plan.polls.burst = 10;
  plan.polls.per_minute = 60;
  world.auditor.adopt(std::move(plan));
  world.settle();
  CHECK(world.service.lists() == 3);
  CHECK(world.service.gets() == 7);
  world.pass(43s, 1s);
  CHECK(world.service.gets() == 50);
  for (std::size_t i = 0; i < 1200; ++i)
    CHECK(world.status(i).state == (i < 1150 ? State::compliant : State::not_found));
}
