// Durations and UTC timestamps: texts in, values out, and back again.
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "base/duration.h"
#include "base/utc_time.h"

namespace aka::base {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST_SUITE("duration") {
  TEST_CASE("Prometheus's notation is read") {
    struct Row {
      const char* text;
      Duration value;
    };
    const std::vector<Row> rows{{"0s", Duration(0)},
                                {"500ms", milliseconds(500)},
                                {"30s", seconds(30)},
                                {"5m", minutes(5)},
                                {"4h", hours(4)},
                                {"30d", hours(720)},
                                {"2w", hours(336)},
                                {"1h30m", minutes(90)},
                                {"1m1ms", milliseconds(60'001)},
                                {"1w1d1h1m1s1ms", hours(193) + minutes(1) + milliseconds(1001)},
                                {"3650d", hours(24 * 3650)}};
    for (const Row& row : rows) {
      CAPTURE(row.text);
      const auto value = parse_duration(row.text);
      REQUIRE(value);
      CHECK(*value == row.value);
    }
  }

  TEST_CASE("anything else is refused, with an example in the message") {
    for (const char* text :
         {"", "5", "m", "-5m", "+5m", "5 m", " 5m", "5m ", "5M", "5min", "1.5h", "5s1m", "5m5m",
          "1ms1s", "1y", "3651d", "99999999999999999999s", "9223372036854775807w", "1e3s"}) {
      CAPTURE(text);
      const auto value = parse_duration(text);
      REQUIRE_FALSE(value);
      CHECK(value.error().message.find("30s") != std::string::npos);
    }
  }

  TEST_CASE("what is written is read back") {
    CHECK(rc::check([] {
      const Duration duration(*rc::gen::inRange<std::int64_t>(0, 3650LL * 86'400'000));
      RC_ASSERT(parse_duration(format_duration(duration)) == duration);
    }));
    CHECK(format_duration(Duration(0)) == "0s");
    CHECK(format_duration(hours(24 * 400)) == "400d");
    CHECK(format_duration(minutes(90)) == "1h30m");
    CHECK(format_duration(-seconds(5)) == "-5s");
  }
}

TEST_SUITE("UTC time") {
  TEST_CASE("instants are read with Z or an offset, fractions to the millisecond") {
    const auto noon = *parse_instant("2026-11-24T12:00:00Z");
    CHECK(noon == WallTime(std::chrono::sys_days(std::chrono::year(2026) / 11 / 24) + hours(12)));
    for (const char* same :
         {"2026-11-24T12:00:00+00:00", "2026-11-24T14:00:00+02:00", "2026-11-24T06:30:00-05:30",
          "2026-11-24t12:00:00z", "2026-11-24 12:00:00Z", "2026-11-24T12:00:00.000Z",
          "2026-11-24T12:00:00.0009Z", "2026-11-25T11:59:00+23:59"}) {
      CAPTURE(same);
      REQUIRE(parse_instant(same));
      CHECK(*parse_instant(same) == noon);
    }
    CHECK(*parse_instant("2026-11-24T12:00:00.25Z") == noon + milliseconds(250));
  }

  TEST_CASE("what is no instant is refused") {
    for (const char* text :
         {"", "2026-11-24", "2026-11-24T12:00:00", "2026-11-24T12:00Z", "2026-13-01T00:00:00Z",
          "2026-02-29T00:00:00Z", "2026-11-24T24:00:00Z", "2026-11-24T12:60:00Z",
          "2026-11-24T12:00:00.Z", "2026-11-24T12:00:00+2:00", "2026-11-24T12:00:00Zx",
          "26-11-24T12:00:00Z", "2026-11-24T12:00:00+24:00"}) {
      CAPTURE(text);
      CHECK_FALSE(parse_instant(text));
    }
  }

  TEST_CASE("a day begins at midnight UTC and must exist") {
    CHECK(*parse_day("2028-02-29") == *parse_instant("2028-02-29T00:00:00Z"));
    for (const char* text : {"2027-02-29", "2027-00-10", "2027-1-1", "2027-01-01Z", "soon", ""}) {
      CAPTURE(text);
      CHECK_FALSE(parse_day(text));
    }
  }

  TEST_CASE("milliseconds are written only where there are some") {
    CHECK(format_utc(WallTime(Duration(0))) == "1970-01-01T00:00:00Z");
    CHECK(format_utc(WallTime(Duration(-1))) == "1969-12-31T23:59:59.999Z");
    CHECK(format_utc(WallTime(Duration(1'795'499'238'007))) == "2026-11-24T05:47:18.007Z");
  }

  TEST_CASE("what is written is read back") {
    CHECK(rc::check([] {
      const WallTime time(
          Duration(*rc::gen::inRange<std::int64_t>(-60'000'000'000'000, 250'000'000'000'000)));
      RC_ASSERT(parse_instant(format_utc(time)) == time);
    }));
  }
}

}  // namespace
}  // namespace aka::base
