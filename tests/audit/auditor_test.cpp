#include "audit/auditor.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <iterator>
#include <set>
#include <thread>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "audit/fake_service.h"
#include "support/fake_clock.h"

using namespace std::chrono_literals;
using namespace aka;
using model::Reason;
using model::State;
using testing::FakeClock;
using testing::FakeService;

TEST_SUITE_BEGIN("auditor");

namespace {

std::string id_of(char digit) { return std::string(24, digit); }

std::shared_ptr<const model::Policy> policy_of(const std::string& role) {
  model::Policy policy;
  policy.name = "only-" + role;
  policy.roles.emplace();
  policy.roles->exact = true;
  policy.roles->required = {{role, model::ScopePatternKind::organization, {}}};
  return std::make_shared<const model::Policy>(std::move(policy));
}

model::Organization organization(char id, const std::string& keys, base::Duration interval,
                                 const std::string& role = "ORG_MEMBER") {
  model::Organization result;
  result.id = *model::OrganizationId::parse(id_of(id));
  result.name = std::string(1, id);
  result.interval = interval;
  result.owner = std::make_shared<const std::string>();
  const auto policy = policy_of(role);
  for (const char key : keys) {
    model::Key one;
    one.id = *model::KeyId::parse(id_of(key));
    one.name = std::string(1, key);
    one.policy = policy;
    one.owner = result.owner;
    result.keys.push_back(std::move(one));
  }
  return result;
}

model::Waiver owner_waived_until(base::WallTime until) {
  model::Waiver waiver;
  waiver.kind = model::FindingKind::role_unexpected;
  waiver.role = "ORG_OWNER";
  waiver.until = until;
  waiver.reason = "migration";
  return waiver;
}

std::vector<int> kinds_of(const policy::Advance& advance) {
  std::vector<int> kinds;
  for (const policy::Change& change : advance.changes) {
    kinds.push_back(static_cast<int>(change.kind));
  }
  return kinds;
}

/// An auditor over a fake service and a clock that the test moves.
struct World {
  FakeClock clock;
  FakeService service{clock};
  std::atomic<int> connections{0};
  std::atomic<int> changes{0};
  std::vector<std::string> steps;  // written with their order locked
  audit::Observers observers{
      [](const audit::PollReport&) {},
      [this](const model::Organization&, const model::Key&, const policy::Advance&) { ++changes; },
      {[this](const model::Roster* before, const model::Roster& after) {
         steps.push_back(fmt::format("adopted {} of {}", after.key_count,
                                     before == nullptr ? 0 : before->key_count));
       },
       [this](const audit::KeyStep& step) {
         steps.push_back(fmt::format("{} {} {}", step.key.name,
                                     model::to_string(step.advance.after.state),
                                     fmt::join(kinds_of(step.advance), " ")));
       }}};
  audit::Auditor auditor{observers, clock};

  audit::Plan plan(std::vector<model::Organization> organizations) {
    model::Roster roster;
    for (model::Organization& one : organizations) {
      one.first_key = roster.key_count;
      roster.key_count += one.keys.size();
      roster.organizations.push_back(std::move(one));
    }
    audit::Plan plan;
    plan.roster = std::make_shared<const model::Roster>(std::move(roster));
    plan.polls = {5s, 0.0, 2, 1000, 60'000};
    plan.connect = [this](const model::Organization&) {
      ++connections;
      return std::make_unique<atlas::Client>(
          std::make_shared<atlas::Service>(), std::make_shared<testing::OpenCredential>(),
          std::make_unique<testing::FakeServiceTransport>(service), clock);
    };
    return plan;
  }

  /// The status of a key, once it satisfies `condition`; waits at most ten seconds of real time.
  model::KeyStatus status_once(std::size_t key,
                               const std::function<bool(const model::KeyStatus&)>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    for (;;) {
      const auto status = auditor.snapshot().status(key);
      if (condition(status)) return status;
      if (std::chrono::steady_clock::now() > deadline) FAIL("the key's status did not change");
      std::this_thread::yield();
    }
  }

  /// Moves the clock once all answers but those of `hanging` requests count in the schedule, so
  /// that what follows depends on no thread's speed.
  void pass(std::chrono::nanoseconds by, std::size_t hanging = 0) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (auditor.under_way() != hanging) {
      REQUIRE(std::chrono::steady_clock::now() < deadline);
      std::this_thread::yield();
    }
    clock.advance(by);
  }

  model::KeyStatus status_after(std::size_t key, State last) {
    return status_once(key,
                       [last](const model::KeyStatus& status) { return status.state != last; });
  }

  model::KeyStatus polled_after(std::size_t key, base::WallTime last_poll) {
    return status_once(
        key, [last_poll](const model::KeyStatus& status) { return status.last_poll > last_poll; });
  }
};

}  // namespace

TEST_CASE("each key is polled once an interval, at its own place in it") {
  World world;
  for (const char key : {'1', '2', '3'}) world.service.answer_key(id_of(key), "ORG_MEMBER");
  const auto start = world.clock.steady();
  world.auditor.adopt(world.plan({organization('a', "123", 30s)}));
  for (int second = 0; second < 90; ++second) {
    const auto asked_before = static_cast<std::size_t>(second / 10 + 1);
    REQUIRE(world.service.wait_asked("", asked_before));
    CHECK(world.service.asked().size() == asked_before);
    world.polled_after(static_cast<std::size_t>(second / 10 % 3),
                       world.clock.wall() - std::chrono::seconds(second % 10) - 1ms);
    world.pass(1s);
  }
  for (const char key : {'1', '2', '3'}) {
    const auto asked = world.service.asked(id_of(key));
    REQUIRE(asked.size() >= 3);
    CHECK(asked[0].at - start == 10s * (key - '1'));
    CHECK(asked[1].at - asked[0].at == 30s);
    CHECK(asked[2].at - asked[1].at == 30s);
  }
}

TEST_CASE("a hanging organization delays nobody else, and a stop waits for nobody") {
  World world;
  world.service.answer_key(id_of('2'), "ORG_MEMBER");
  world.service.hang(id_of('1'));
  world.auditor.adopt(world.plan({organization('b', "1", 10s), organization('a', "2", 10s)}));
  REQUIRE(world.service.wait_asked(id_of('1'), 1));
  world.pass(10ms, 1);  // the second organization begins after the first
  for (std::size_t round = 1; round <= 5; ++round) {
    REQUIRE(world.service.wait_asked(id_of('2'), round));
    world.polled_after(1, world.clock.wall() - 1ms);
    world.pass(10s, 1);
  }
  CHECK(world.service.asked(id_of('1')).size() == 1);
  world.auditor.stop();
  CHECK(world.auditor.snapshot().status(0).state == State::pending);
}

TEST_CASE("one thread polls every organization while their answers come promptly") {
  World world;
  for (const char key : {'1', '2'}) world.service.answer_key(id_of(key), "ORG_MEMBER");
  world.auditor.adopt(world.plan({organization('a', "1", 10s), organization('b', "2", 10s)}));
  for (std::size_t round = 1; round <= 5; ++round) {
    REQUIRE(world.service.wait_asked(id_of('1'), round));
    world.pass(10ms);  // the second organization begins after the first
    REQUIRE(world.service.wait_asked(id_of('2'), round));
    world.pass(10s - 10ms);
  }
  std::set<std::thread::id> threads;
  for (const auto& asked : world.service.asked()) threads.insert(asked.by);
  CHECK(threads.size() == 1);
}

TEST_CASE("the threads that an outage called go when it is over") {
  World world;
  const auto threads = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {});
  };
  std::thread([] {}).join();  // a sanitizer may begin one of its own with the first
  const auto others = threads();
  std::vector<model::Organization> organizations;
  for (const char name : {'1', '2', '3', '4', '5', '6', '7', '8'}) {
    world.service.answer_key(id_of(name), "ORG_MEMBER");
    organizations.push_back(organization(name, std::string(1, name), 10s));
  }
  world.service.hang("/");
  world.auditor.adopt(world.plan(organizations));
  REQUIRE(world.service.wait_asked("", 1));
  world.clock.advance(1s);  // by then all organizations have begun
  REQUIRE(world.service.wait_asked("", 8));
  CHECK(threads() >= others + 8);
  world.service.release();
  world.pass(0ms);
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (threads() > others + 3) {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    std::this_thread::yield();
  }
}

TEST_CASE("a configuration without an organization, as a shard may have, is done at once") {
  World world;
  world.auditor.adopt(world.plan({}), audit::PollMode::once);
  world.auditor.wait_until_done();
  CHECK_FALSE(world.auditor.next_start());
  world.auditor.adopt(world.plan({}));
  world.auditor.stop();
}

TEST_CASE(
    "a second connection is opened only when two polls overlap, and never more than allowed") {
  World world;
  for (const char key : {'1', '2', '3', '4'}) world.service.answer_key(id_of(key), "ORG_MEMBER");
  world.auditor.adopt(world.plan({organization('a', "1234", 40s)}));
  for (std::size_t i = 1; i <= 12; ++i) {
    REQUIRE(world.service.wait_asked("", i));
    world.polled_after((i - 1) % 4, world.clock.wall() - 1ms);
    if (i == 12) world.service.hang("/");
    world.pass(10s);
  }
  CHECK(world.connections == 1);
  REQUIRE(world.service.wait_asked("", 13));
  world.pass(10s, 1);
  REQUIRE(world.service.wait_asked("", 14));
  CHECK(world.connections == 2);
  world.pass(400s, 2);
  CHECK(world.connections == 2);
  CHECK(world.service.asked().size() == 14);
}

TEST_CASE("no more requests start than the budget allows") {
  World world;
  world.service.answer_key(id_of('1'), "ORG_MEMBER");
  auto plan = world.plan({organization('a', "1", 1s)});
  plan.polls.burst = 3;
  plan.polls.per_minute = 6;  // the interval stretches to 10 s
  world.auditor.adopt(std::move(plan));
  CHECK(world.auditor.snapshot().organizations[0].effective_interval == 10s);
  for (std::size_t i = 1; i <= 6; ++i) {
    REQUIRE(world.service.wait_asked("", i));
    world.polled_after(0, world.clock.wall() - 1ms);
    CHECK(world.service.asked().size() == i);
    world.pass(10s);
  }
}

TEST_CASE("a 429 holds its whole organization as long as it says") {
  World world;
  world.service.answer(id_of('1'), http::Answer{429, {{"Retry-After", "55"}}, "{}"});
  world.service.answer_key(id_of('2'), "ORG_MEMBER");
  world.auditor.adopt(world.plan({organization('a', "12", 20s)}));
  CHECK(world.status_after(0, State::pending).state == State::rate_limited);
  world.pass(54s);
  // The scheduler has looked at the clock since, and still nobody was asked.
  while (!world.auditor.beats_within(0s)) std::this_thread::yield();
  CHECK(world.service.asked().size() == 1);
  world.pass(7s);
  REQUIRE(world.service.wait_asked(id_of('2'), 1));
}

TEST_CASE("a poll that fails keeps the finding and its age, and proves nothing") {
  World world;
  world.service.answer_key(id_of('1'), "ORG_OWNER");
  world.auditor.adopt(world.plan({organization('a', "1", 10s)}));
  const auto drift = world.status_after(0, State::pending);
  REQUIRE(drift.state == State::drift);
  const auto since = *model::drift_since(drift);
  world.service.answer(id_of('1'), http::Answer{503, {}, "<html>"});
  world.pass(10s);
  const auto failed = world.polled_after(0, drift.last_poll);
  CHECK(failed.state == State::error);
  CHECK(failed.reason == Reason::http_5xx);
  CHECK(model::drift_since(failed) == since);
  CHECK(failed.last_success == drift.last_success);
  world.service.answer_key(id_of('1'), "ORG_MEMBER");
  world.pass(60s);
  const auto healed = world.polled_after(0, failed.last_poll);
  CHECK(healed.state == State::compliant);
  CHECK_FALSE(model::drift_since(healed).has_value());
}

TEST_CASE("once polls every key once, whatever it answers, and ends") {
  World world;
  world.service.answer_key(id_of('1'), "ORG_MEMBER");
  world.service.answer(id_of('2'), http::Answer{500, {}, ""});
  auto plan = world.plan({organization('a', "12", 5min), organization('b', "3", 5min)});
  world.auditor.adopt(std::move(plan), audit::PollMode::once);
  world.auditor.wait_until_done();
  CHECK(world.service.asked().size() == 3);
  const auto snapshot = world.auditor.snapshot();
  CHECK(snapshot.status(0).state == State::compliant);
  CHECK(snapshot.status(1).state == State::error);
  CHECK(snapshot.status(2).reason == Reason::connect);
}

TEST_CASE("once ends though the service is down, and does not wait for it to come back") {
  World world;
  world.auditor.adopt(world.plan({organization('a', "123456789", 5min)}), audit::PollMode::once);
  world.auditor.wait_until_done();
  CHECK(world.service.asked().size() == 9);
}

TEST_CASE("a reload keeps what is known of keys that stay, their schedule and their budget") {
  World world;
  for (const char key : {'1', '2', '3'}) world.service.answer_key(id_of(key), "ORG_OWNER");
  world.auditor.adopt(world.plan({organization('a', "12", 20s)}));
  const auto first = world.status_after(0, State::pending);
  world.pass(10s);
  const auto second = world.status_after(1, State::pending);
  world.pass(5s);

  world.auditor.adopt(world.plan({organization('a', "312", 20s)}));
  const auto snapshot = world.auditor.snapshot();
  CHECK(snapshot.status(1).findings == first.findings);
  CHECK(snapshot.status(2).last_poll == second.last_poll);
  REQUIRE(world.service.wait_asked(id_of('3'), 1));
  CHECK(world.service.asked(id_of('1')).size() == 1);
  world.pass(5s);
  REQUIRE(world.service.wait_asked(id_of('1'), 2));
  CHECK(world.service.asked(id_of('2')).size() == 1);
  world.pass(10s);
  REQUIRE(world.service.wait_asked(id_of('2'), 2));
}

TEST_CASE("a changed policy holds findings, withdraws a green and is judged within a minute") {
  World world;
  world.service.answer_key(id_of('1'), "ORG_MEMBER");
  world.service.answer_key(id_of('2'), "ORG_OWNER");
  world.auditor.adopt(world.plan({organization('a', "12", 60min)}));
  CHECK(world.status_after(0, State::pending).state == State::compliant);
  world.pass(30min);
  CHECK(world.status_after(1, State::pending).state == State::drift);

  world.auditor.adopt(world.plan({organization('a', "12", 60min, "ORG_OWNER")}));
  const auto snapshot = world.auditor.snapshot();
  const auto verdict = [&](std::size_t key) {
    return model::verdict_of(snapshot.status(key), snapshot.steady, 3h);
  };
  // Each was asked for at once or is due within the minute; what counts is that none is green
  // unproven.
  CHECK(verdict(0) != model::Verdict::compliant);
  world.pass(1min);
  REQUIRE(world.service.wait_asked(id_of('1'), 2));
  REQUIRE(world.service.wait_asked(id_of('2'), 2));
  CHECK(world.status_after(1, State::drift).state == State::compliant);
}

TEST_CASE("a poll that a reload cuts short is repeated") {
  World world;
  world.service.hang(id_of('1'));
  world.auditor.adopt(world.plan({organization('a', "1", 60min)}));
  REQUIRE(world.service.wait_asked(id_of('1'), 1));
  world.service.hang("nothing");
  world.service.answer_key(id_of('1'), "ORG_MEMBER");
  world.auditor.adopt(world.plan({organization('a', "1", 60min)}));
  CHECK(world.status_after(0, State::pending).state == State::compliant);
}

TEST_CASE("a reload storm spends no more than the budget") {
  World world;
  auto plan = [&] {
    auto result = world.plan({organization('a', "1", 1s)});
    result.polls.burst = 2;
    result.polls.per_minute = 1;
    return result;
  };
  world.service.hang(id_of('1'));
  for (int i = 0; i < 20; ++i) {
    world.auditor.adopt(plan());
    if (i == 0) REQUIRE(world.service.wait_asked("", 1));
  }
  world.auditor.stop();
  CHECK(world.service.asked().size() <= 2);
}

TEST_CASE("a waiver lapses at its instant, without a poll") {
  World world;
  world.service.answer_key(id_of('1'), "ORG_OWNER");
  auto watched = organization('a', "1", 60min);
  const model::Waiver waiver = owner_waived_until(world.clock.wall() + 10min);
  model::Waiver missing = waiver;
  missing.kind = model::FindingKind::role_missing;
  missing.role = "ORG_MEMBER";
  watched.keys[0].waivers =
      std::make_shared<const std::vector<model::Waiver>>(std::vector{waiver, missing});
  world.auditor.adopt(world.plan({watched}));
  CHECK(world.status_after(0, State::pending).state == State::compliant);
  const auto waivers = [&] { return world.auditor.snapshot().organizations[0].waivers; };
  CHECK_FALSE(model::has_open_findings(world.auditor.snapshot().status(0)));
  CHECK(waivers() == std::array<std::uint32_t, 4>{0, 0, 2, 0});
  world.service.hang(id_of('1'));
  world.pass(10min);
  CHECK(model::has_open_findings(world.auditor.snapshot().status(0)));
  CHECK(waivers() == std::array<std::uint32_t, 4>{2, 0, 0, 0});
  CHECK(world.changes == 1);
}

TEST_CASE("polls, reloads and the passing of time are steps, in the order of the table") {
  World world;
  world.service.answer_key(id_of('1'), "ORG_OWNER");
  auto watched = organization('a', "1", 60min);
  const model::Waiver waiver = owner_waived_until(world.clock.wall() + 10min);
  watched.keys[0].waivers = std::make_shared<const std::vector<model::Waiver>>(std::vector{waiver});
  world.auditor.adopt(world.plan({watched}));
  world.status_after(0, State::pending);
  world.pass(1s);
  world.auditor.adopt(world.plan({watched}));
  world.pass(10min);
  std::size_t seen = 0;
  world.auditor.tick([&](const model::StatusTable& table) {
    table.visit([&](const model::StatusTable::Place&, const model::KeyStatus& status) {
      seen += model::has_open_findings(status) ? 1U : 0U;
    });
  });
  CHECK(seen == 1);
  // Opened: role_missing; waived: role_unexpected; it lapses.
  CHECK(world.steps == std::vector<std::string>{"adopted 1 of 0", "1 drift 1 0", "adopted 1 of 1",
                                                "1 drift ", "1 drift 2"});
}

TEST_CASE("what was known when the program ended is held, and a changed policy leaves no green") {
  World world;
  world.service.hang("/");
  const auto before = world.plan({organization('a', "12", 60min)});
  audit::Memory memory{before.roster, std::vector<model::KeyStatus>(2),
                       std::vector<model::OrganizationStatus>(1)};
  model::Finding finding;
  finding.kind = model::FindingKind::role_unexpected;
  finding.role = "ORG_OWNER";
  finding.since = world.clock.wall() - 24h;
  memory.keys[0].state = State::drift;
  memory.keys[0].findings = std::make_shared<const model::Findings>(model::Findings{finding});
  memory.keys[1].state = State::compliant;
  for (model::KeyStatus& key : memory.keys) {
    key.evidence = model::Evidence::record;
    key.judged_by_current_policy = true;
    key.last_success = world.clock.wall() - 10min;
    key.last_success_steady = world.clock.steady() - 10min;
  }
  world.auditor.restore(memory);
  world.auditor.adopt(world.plan({organization('a', "12", 60min)}));
  const auto verdict = [&](std::size_t key) {
    const auto snapshot = world.auditor.snapshot();
    return model::verdict_of(snapshot.status(key), snapshot.steady, 3h);
  };
  CHECK(verdict(0) == model::Verdict::violation);
  CHECK(model::drift_since(world.auditor.snapshot().status(0)) == finding.since);
  CHECK(verdict(1) == model::Verdict::compliant);
  world.auditor.adopt(world.plan({organization('a', "12", 60min, "ORG_READ_ONLY")}));
  CHECK(verdict(0) == model::Verdict::violation);
  CHECK(verdict(1) == model::Verdict::unknown);
}

TEST_CASE("after a start, who was not polled for longest comes first") {
  World world;
  for (const char key : {'1', '2', '3'}) world.service.answer_key(id_of(key), "ORG_MEMBER");
  const auto before = world.plan({organization('a', "123", 30s)});
  audit::Memory memory{before.roster, std::vector<model::KeyStatus>(3),
                       std::vector<model::OrganizationStatus>(1)};
  memory.keys[0].last_poll = world.clock.wall() - 1min;
  memory.keys[1].last_poll = world.clock.wall() - 2min;
  world.auditor.restore(memory);
  world.auditor.adopt(world.plan({organization('a', "123", 30s)}));
  for (std::size_t turn = 0; turn < 3; ++turn) {
    REQUIRE(world.service.wait_asked("", turn + 1));
    CHECK(world.service.asked(id_of("321"[turn])).size() == 1);
    world.pass(10s);
  }
}

TEST_CASE("a repeat that would confirm something is not put off by a start") {
  World world;
  for (const char key : {'1', '2', '3'}) world.service.answer_key(id_of(key), "ORG_MEMBER");
  const auto before = world.plan({organization('a', "123", 1h)});
  audit::Memory memory{before.roster, std::vector<model::KeyStatus>(3),
                       std::vector<model::OrganizationStatus>(1)};
  model::KeyStatus& unsure = memory.keys[2];
  unsure.last_poll = world.clock.wall() - 1min;
  unsure.state = model::State::not_found;
  unsure.streaks.not_found = 1;
  world.auditor.restore(memory);
  auto plan = world.plan({organization('a', "123", 1h)});
  plan.polls.confirm = 2;
  world.auditor.adopt(std::move(plan));
  world.pass(1min);
  CHECK(world.service.wait_asked(id_of('3'), 1));
}

TEST_CASE("on a clock that never stands still, a due poll starts at once") {
  FakeService service(base::system_clock());
  service.answer_key(id_of('1'), "ORG_MEMBER");
  audit::Observers silent{
      [](const audit::PollReport&) {},
      [](const model::Organization&, const model::Key&, const policy::Advance&) {}};
  World plans;
  auto plan = plans.plan({organization('a', "1", 5min)});
  plan.connect = [&](const model::Organization&) {
    return std::make_unique<atlas::Client>(
        std::make_shared<atlas::Service>(), std::make_shared<testing::OpenCredential>(),
        std::make_unique<testing::FakeServiceTransport>(service), base::system_clock());
  };
  audit::Auditor auditor(silent, base::system_clock());
  auditor.adopt(std::move(plan));
  CHECK(service.wait_asked(id_of('1'), 1));
}
