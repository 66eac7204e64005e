#include "audit/schedule.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

using namespace std::chrono_literals;
using namespace aka;

TEST_SUITE_BEGIN("schedule");

namespace {
const base::SteadyTime kStart{1h};
}

TEST_CASE("first polls are spread evenly over the interval") {
  for (const std::size_t count : {std::size_t{1}, std::size_t{7}, std::size_t{1000}}) {
    base::SteadyTime last = kStart - 1s;
    for (std::size_t i = 0; i < count; ++i) {
      const auto due = audit::first_due(i, count, kStart, 60s);
      CHECK(due > last);
      CHECK(due < kStart + 60s);
      last = due;
    }
    CHECK(last - kStart >= 60s - 60000ms / static_cast<long long>(count) - 1ms);
  }
}

namespace {

model::Organization organization(std::size_t keys, model::Fetch fetch, bool discover = false) {
  model::Organization of;
  of.keys.resize(keys);
  of.fetch = fetch;
  of.discover = discover;
  return of;
}

}  // namespace

TEST_CASE("the worst time to detect is an interval, its jitter and the requests' time") {
  CHECK(audit::detection_bound(60s, 0.1, 10s, {5}) == 76s);
  CHECK(audit::detection_bound(60s, 0.1, 10s, {5, 3}) == 76s);
  CHECK(audit::detection_bound(1s, 0, 500ms, {1}) == 1500ms);
  // Three pages, and the request for a key that they lack.
  CHECK(audit::detection_bound(60s, 0.1, 10s, {0, 3, 1.5, 4}) == 106s);
}

TEST_CASE("the interval stretches to what the rate limit can serve") {
  CHECK(audit::effective_interval(5min, {500, 0, 0}, 100) == 5min);
  CHECK(audit::effective_interval(5min, {501, 0, 0}, 100) == 5min + 600ms);
  CHECK(audit::effective_interval(5min, {500, 1, 0}, 100) == 5min + 600ms);
  CHECK(audit::effective_interval(1s, {100, 0, 0}, 100) == 1min);
  CHECK(audit::effective_interval(1s, {0, 0, 0}, 100) == 1s);
  CHECK(audit::effective_interval(1s, {0, 3, 0}, 100) == 1800ms);
  CHECK(audit::effective_interval(1s, {0, 3, 50}, 100) == 3600ms);
}

TEST_CASE("an organization asks for its keys, or for pages of them and each key now and then") {
  using model::Fetch;
  struct Row {
    model::Organization of;
    std::size_t polls;
    std::size_t pages;
    double beside;
  };
  const std::vector<Row> rows{
      {organization(3, Fetch::per_key), 3, 0, 0},
      {organization(500, Fetch::per_key, true), 500, 2, 0},
      {organization(0, Fetch::list), 0, 1, 0},
      {organization(1, Fetch::list), 0, 1, 1.0 / 1440},
      {organization(500, Fetch::list), 0, 1, 500.0 / 1440},
      {organization(501, Fetch::list, true), 0, 2, 501.0 / 1440},
      {organization(1200, Fetch::list), 0, 3, 1200.0 / 1440},
  };
  for (const Row& row : rows) {
    const audit::Demand demand = audit::demand_of(row.of, 24h, 100);
    CAPTURE(row.of.keys.size());
    CHECK(demand.polls == row.polls);
    CHECK(demand.pages == row.pages);
    CHECK(demand.beside == doctest::Approx(row.beside));
  }
  model::Organization absent = organization(1200, Fetch::list);
  absent.keys[7].expect = model::Expectation::absent;
  CHECK(audit::demand_of(absent, 24h, 100).polls == 1);
  CHECK(audit::list_demand(absent, 1, 24h, 100).polls == 0);
  CHECK(audit::demand_of(absent, 24h, 100).series == 4);
  CHECK(audit::demand_of(organization(1200, Fetch::list), 24h, 100).per_minute(1min) ==
        doctest::Approx(3.8333));
}

TEST_CASE("asking for keys by themselves beside a list takes half of the rate limit at most") {
  CHECK(audit::effective_recheck(24h, 500, 100) == 24h);
  CHECK(audit::effective_recheck(1min, 500, 100) == 10min);
  CHECK(audit::demand_of(organization(500, model::Fetch::list), 1min, 100).beside ==
        doctest::Approx(50));
}

TEST_CASE("each key has its turn once in a period, evenly and by the calendar") {
  const base::WallTime wall{std::chrono::sys_days(std::chrono::year(2026) / 11 / 24) + 7h};
  audit::Job job = audit::first_recheck(48, 24h, wall, kStart);
  CHECK(job.due == kStart + 30min);
  CHECK(audit::first_recheck(48, 24h, wall + 29min, kStart + 29min) == job);
  std::vector<bool> asked(48);
  for (int turn = 0; turn < 48; ++turn) {
    CHECK_FALSE(asked[job.key]);
    asked[job.key] = true;
    const audit::Job next = audit::next_recheck(job, 48, 24h, job.due + 1s);
    CHECK(next.due == job.due + 30min);
    CHECK(next == audit::first_recheck(48, 24h, wall + (job.due - kStart) / 1min * 1min, job.due));
    job = next;
  }
  CHECK(audit::next_recheck(job, 48, 24h, job.due + 3h).due == job.due + 3h + 15min);
}

TEST_CASE(
    "the next poll follows the due time, not the time it ran, and a missed one is not made up "
    "for") {
  CHECK(audit::next_due(kStart, kStart + 3s, 10s, 0.0, 0.5) == kStart + 10s);
  CHECK(audit::next_due(kStart, kStart + 35s, 10s, 0.0, 0.5) == kStart + 35s);
  CHECK(audit::next_due(kStart, kStart, 10s, 0.1, 0.0) == kStart + 9s);
  CHECK(audit::next_due(kStart, kStart, 10s, 0.1, 1.0) == kStart + 11s);
}

TEST_CASE("jobs come out by due time whatever the order they went in") {
  rc::check([](const std::vector<std::uint16_t>& delays) {
    audit::Schedule schedule;
    for (std::size_t i = 0; i < delays.size(); ++i) {
      schedule.add({kStart + std::chrono::milliseconds(delays[i]), static_cast<std::uint32_t>(i),
                    audit::JobKind::poll});
    }
    base::SteadyTime last{};
    std::size_t taken = 0;
    while (!schedule.empty()) {
      RC_ASSERT(*schedule.next() >= last);
      last = schedule.take(base::SteadyTime::max()).due;
      ++taken;
    }
    RC_ASSERT(taken == delays.size());
  });
}
