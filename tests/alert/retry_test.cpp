// What an answer means, and when the next attempt follows.
#include "alert/retry.h"

#include <doctest/doctest.h>

namespace aka::alert {
namespace {

using namespace std::chrono_literals;
using base::Duration;

TEST_SUITE("retry") {
  TEST_CASE("only 2xx is success, and a refusal says what a person can do") {
    struct Row {
      int status;
      RefusalKind kind;
      const char* message;
    };
    const Row rows[] = {
        {301, RefusalKind::rejected, "a redirect, which is not followed"},
        {307, RefusalKind::rejected, "a redirect, which is not followed"},
        {400, RefusalKind::content, "status 400"},
        {401, RefusalKind::rejected, "other credentials"},
        {403, RefusalKind::rejected, "other credentials"},
        {404, RefusalKind::rejected, "the address in the settings seems wrong"},
        {408, RefusalKind::unreachable, "status 408"},
        {410, RefusalKind::rejected, "the address in the settings seems wrong"},
        {413, RefusalKind::content, "too large"},
        {422, RefusalKind::content, "status 422"},
        {429, RefusalKind::throttled, "too many requests"},
        {500, RefusalKind::unreachable, "status 500"},
        {503, RefusalKind::unreachable, "status 503"},
    };
    for (const Row& row : rows) {
      CAPTURE(row.status);
      const Outcome outcome = judge_answer({row.status, {}, ""}, {});
      REQUIRE_FALSE(outcome.has_value());
      CHECK(outcome.error().kind == row.kind);
      CHECK(outcome.error().message.find(row.message) != std::string::npos);
    }
    CHECK(judge_answer({200, {}, ""}, {}).has_value());
    CHECK(judge_answer({202, {}, ""}, {}).has_value());
    CHECK(judge_answer({204, {}, ""}, {}).has_value());
  }

  TEST_CASE("a receiver's Retry-After comes with the refusal") {
    CHECK(judge_answer({429, {{"Retry-After", "17"}}, ""}, {}).error().retry_after == 17s);
    CHECK(judge_answer({503, {{"Retry-After", "9"}}, ""}, {}).error().retry_after == 9s);
    CHECK_FALSE(judge_answer({429, {}, ""}, {}).error().retry_after.has_value());
  }

  TEST_CASE("delays double up to the longest, and are never shorter than asked for") {
    struct Row {
      RefusalKind kind;
      int in_a_row;
      Duration longest;
      double chance;
      std::optional<Duration> asked;
      Duration delay;
    };
    const Row rows[] = {
        {RefusalKind::unreachable, 1, kLongestDelay, 0, {}, 1s},
        {RefusalKind::unreachable, 2, kLongestDelay, 0, {}, 2s},
        {RefusalKind::unreachable, 9, kLongestDelay, 0, {}, 256s},
        {RefusalKind::unreachable, 10, kLongestDelay, 0, {}, 5min},
        {RefusalKind::unreachable, 100'000, kLongestDelay, 0, {}, 5min},
        {RefusalKind::unreachable, 1, kLongestDelay, 1, {}, 500ms},
        {RefusalKind::unreachable, 100'000, kLongestDelay, 1, {}, 150s},
        {RefusalKind::unreachable, 100'000, 1min, 0, {}, 1min},
        {RefusalKind::rejected, 1, kLongestDelay, 0, {}, 30s},
        {RefusalKind::rejected, 2, kLongestDelay, 0, {}, 1min},
        {RefusalKind::rejected, 9, kLongestDelay, 0, {}, 5min},
        {RefusalKind::rejected, 1, 10s, 0, {}, 10s},
        {RefusalKind::throttled, 1, kLongestDelay, 0, {}, 1s},
        {RefusalKind::throttled, 1, kLongestDelay, 1, 40s, 40s},
        {RefusalKind::throttled, 1, 10s, 1, 40s, 40s},
        {RefusalKind::throttled, 9, kLongestDelay, 0, 1s, 256s},
        {RefusalKind::throttled, 1, kLongestDelay, 0, 24h, 1h},
    };
    for (const Row& row : rows) {
      CAPTURE(row.in_a_row);
      CHECK(delay_after({row.kind, "", row.asked}, row.in_a_row, row.longest, row.chance) ==
            row.delay);
    }
  }
}

}  // namespace
}  // namespace aka::alert
