#include "simulator/token_bucket.h"

#include <chrono>
#include <vector>

#include <doctest/doctest.h>

using namespace aka::simulator;
using namespace std::chrono_literals;

TEST_SUITE("simulated token bucket") {
  TEST_CASE("it starts full, empties by one, and fills evenly") {
    struct Row {
      std::chrono::milliseconds at;
      bool granted;
      int remaining;
      std::chrono::seconds retry_after;
    };
    const std::vector<Row> rows{
        {1000s, true, 1, 0s},   {1000s, true, 0, 0s},  {1000s, false, 0, 12s},
        {1006s, false, 0, 6s},  {1011s, false, 0, 1s}, {1012s, true, 0, 0s},
        {1012s, false, 0, 12s}, {9999s, true, 1, 0s},  {9999s, true, 0, 0s},
        {9990s, false, 0, 12s},  // an earlier clock reading gives nothing back
    };
    TokenBucket bucket({.burst = 2, .per_minute = 5});
    for (const Row& row : rows) {
      CAPTURE(row.at.count());
      const auto taken = bucket.take(aka::base::SteadyTime(row.at));
      CHECK(taken.granted == row.granted);
      CHECK(taken.remaining == row.remaining);
      CHECK(taken.retry_after == row.retry_after);
    }
  }
}
