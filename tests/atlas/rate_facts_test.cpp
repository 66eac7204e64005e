// Reading the rate limit headers.
#include "atlas/rate_facts.h"

#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/utc_time.h"

namespace aka::atlas {
namespace {

using namespace std::chrono_literals;

TEST_SUITE("read_rate_facts") {
  TEST_CASE("limits are read whatever the case of their names") {
    const http::Answer answer{200, {{"Ratelimit-Limit", "500"}, {"ratelimit-remaining", "0"}}, ""};
    CHECK(read_rate_facts(answer, {}) == RateFacts{500, 0, std::nullopt});
  }

  TEST_CASE("what is missing or no number is missing") {
    CHECK(read_rate_facts({}, {}) == RateFacts{});
    for (const char* const text : {"", "many", "-1", "1.5", "5 ", "99999999999999999999"}) {
      const http::Answer answer{
          200,
          {{"RateLimit-Limit", text}, {"RateLimit-Remaining", text}, {"Retry-After", text}},
          ""};
      CAPTURE(text);
      CHECK(read_rate_facts(answer, {}) == RateFacts{});
    }
  }

  TEST_CASE("Retry-After is a number of seconds or a date") {
    struct Row {
      std::string retry_after;
      std::string date;  // of the answer; empty: none
      std::optional<base::Duration> expected;
    };
    const base::WallTime now = base::parse_instant("2026-11-24T05:47:18Z").value();
    const std::vector<Row> rows{
        {"0", "", 0s},
        {"55", "", 55s},
        {"55", "Tue, 24 Nov 2026 05:00:00 GMT", 55s},
        {"86401", "", 24h},
        {"9223372036854775807", "", 24h},
        {"Tue, 24 Nov 2026 05:48:18 GMT", "", 60s},
        {"Tue, 24 Nov 2026 05:48:18 GMT", "Tue, 24 Nov 2026 05:48:08 GMT", 10s},
        {"Tue, 24 Nov 2026 05:48:18 GMT", "nonsense", 60s},
        {"Tue, 24 Nov 2026 05:00:00 GMT", "", 0s},
        {"Tue, 1 Dec 2026 05:47:18 GMT", "Tue, 1 Dec 2026 05:47:16 GMT", 2s},
        {"Fri, 31 Dec 9999 23:59:59 GMT", "", 24h},
        {"Tue, 31 Nov 2026 05:48:18 GMT", "", std::nullopt},
        {"Tue, 24 Nov 2026 24:48:18 GMT", "", std::nullopt},
        {"Tue, 24 Nov 2026 05:48 GMT", "", std::nullopt},
        {"Tue, 24 Nov 2026 05:48:18 CET", "", std::nullopt},
        {"Tue, 24 Nov 2026 05:48:18", "", std::nullopt},
        {"Tuesday, 24-Nov-26 05:48:18 GMT", "", std::nullopt},
        {"2026-11-24T05:48:18Z", "", std::nullopt},
    };
    for (const Row& row : rows) {
      CAPTURE(row.retry_after);
      CAPTURE(row.date);
      http::Answer answer{429, {{"Retry-After", row.retry_after}}, ""};
      if (!row.date.empty()) answer.headers.emplace_back("Date", row.date);
      CHECK((read_rate_facts(answer, now).retry_after == row.expected));
    }
  }
}

}  // namespace
}  // namespace aka::atlas
