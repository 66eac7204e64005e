#include "audit/token_bucket.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

using namespace std::chrono_literals;
using aka::audit::TokenBucket;
using aka::base::SteadyTime;

TEST_SUITE_BEGIN("token bucket");

namespace {
const SteadyTime kStart{1h};
}

TEST_CASE("a full bucket lets a burst go at once and the next request wait for its refill") {
  TokenBucket bucket(3, 60, kStart);
  for (int i = 0; i < 3; ++i) {
    CHECK(bucket.ready_at(kStart) == kStart);
    bucket.take(kStart, 1);
  }
  CHECK(bucket.ready_at(kStart) - kStart >= 1s);
  CHECK(bucket.ready_at(kStart) - kStart <= 1s + 1us);
  CHECK(bucket.ready_at(kStart + 1100ms) == kStart + 1100ms);
}

TEST_CASE("an overdraft is paid back before the next request") {
  TokenBucket bucket(1, 60, kStart);
  bucket.take(kStart, 2);
  const auto wait = bucket.ready_at(kStart) - kStart;
  CHECK(wait >= 2s);
  CHECK(wait <= 2s + 1us);
}

TEST_CASE("the service's remaining count lowers the level and never raises it") {
  TokenBucket bucket(100, 60, kStart);
  bucket.learn({100, 0}, kStart);
  CHECK(bucket.ready_at(kStart) > kStart);
  bucket.learn({100, 500}, kStart);
  CHECK(bucket.ready_at(kStart) > kStart);
}

TEST_CASE(
    "the service's limit lowers the capacity but not below one request, nor above the configured "
    "burst") {
  TokenBucket bucket(10, 600, kStart);
  bucket.learn({0, std::nullopt}, kStart);
  CHECK(bucket.ready_at(kStart) == kStart);
  bucket.take(kStart, 1);
  CHECK(bucket.ready_at(kStart) > kStart);
  bucket.learn({1000, std::nullopt}, kStart);
  const SteadyTime later = kStart + 1h;
  bucket.take(later, 10);
  CHECK(bucket.ready_at(later) > later);
}

TEST_CASE("nonsense from the service does not stop the polls for good") {
  TokenBucket bucket(10, 60, kStart);
  bucket.learn({-5, -7}, kStart);
  CHECK(bucket.ready_at(kStart) - kStart <= 1s + 1us);
}

TEST_CASE("in any window no more requests start than burst plus refill") {
  rc::check([] {
    const int burst = *rc::gen::inRange(1, 20);
    const int per_minute = *rc::gen::inRange(1, 600);
    TokenBucket bucket(burst, per_minute, kStart);
    SteadyTime now = kStart;
    std::vector<SteadyTime> started;
    for (int i = 0; i < 100; ++i) {
      now += std::chrono::milliseconds(*rc::gen::inRange(0, 400));
      now = bucket.ready_at(now);
      bucket.take(now, 1);
      started.push_back(now);
    }
    for (std::size_t first = 0; first < started.size(); ++first) {
      for (std::size_t last = first; last < started.size(); ++last) {
        const double minutes =
            std::chrono::duration<double, std::ratio<60>>(started[last] - started[first]).count();
        RC_ASSERT(static_cast<double>(last - first + 1) <= burst + per_minute * minutes + 0.001);
      }
    }
  });
}
