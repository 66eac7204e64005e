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

TEST_CASE("the worst time to detect is an interval, its jitter and a request's time") {
  CHECK(audit::detection_bound(60s, 0.1, 10s) == 76s);
  CHECK(audit::detection_bound(1s, 0, 500ms) == 1500ms);
}

TEST_CASE("the interval stretches to what the rate limit can serve") {
  CHECK(audit::effective_interval(5min, 500, 100) == 5min);
  CHECK(audit::effective_interval(5min, 501, 100) == 5min + 600ms);
  CHECK(audit::effective_interval(1s, 100, 100) == 1min);
  CHECK(audit::effective_interval(1s, 0, 100) == 1s);
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
      last = schedule.take_any().due;
      ++taken;
    }
    RC_ASSERT(taken == delays.size());
  });
}
