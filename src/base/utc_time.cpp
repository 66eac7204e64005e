// RFC 3339 timestamps on the chrono calendar; libstdc++ 12 has no chrono::parse.
#include "base/utc_time.h"

#include <charconv>
#include <optional>

#include <fmt/format.h>

namespace aka::base {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::milliseconds;

/// Takes fixed-width numbers and separators off the front of a text; one failure sticks.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  int number(std::size_t width) {
    int value = 0;
    if (rest_.size() < width) return reject();
    for (const char digit : rest_.substr(0, width)) {
      if (digit < '0' || digit > '9') return reject();
      value = value * 10 + (digit - '0');
    }
    rest_.remove_prefix(width);
    return value;
  }

  bool take(std::string_view any_of) {
    if (rest_.empty() || any_of.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void expect(std::string_view any_of) {
    if (!take(any_of)) ok_ = false;
  }

  char peek() const { return rest_.empty() ? '\0' : rest_.front(); }
  int reject() {
    ok_ = false;
    return 0;
  }
  bool finished() const { return ok_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

std::optional<WallTime> read_date(Cursor& cursor) {
  const int year = cursor.number(4);
  cursor.expect("-");
  const int month = cursor.number(2);
  cursor.expect("-");
  const int day = cursor.number(2);
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return WallTime(std::chrono::sys_days(date));
}

std::optional<milliseconds> read_time(Cursor& cursor) {
  const int hour = cursor.number(2);
  cursor.expect(":");
  const int minute = cursor.number(2);
  cursor.expect(":");
  const int second = cursor.number(2);
  if (hour > 23 || minute > 59 || second > 60) return std::nullopt;
  int fraction = 0;
  if (cursor.take(".")) {
    int scale = 100;
    if (cursor.peek() < '0' || cursor.peek() > '9') return std::nullopt;
    while (cursor.peek() >= '0' && cursor.peek() <= '9') {
      fraction += cursor.number(1) * scale;
      scale /= 10;
    }
  }
  return std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second) +
         milliseconds(fraction);
}

std::optional<milliseconds> read_offset(Cursor& cursor) {
  if (cursor.take("Zz")) return milliseconds(0);
  const bool west = cursor.peek() == '-';
  cursor.expect("+-");
  const int hour = cursor.number(2);
  cursor.expect(":");
  const int minute = cursor.number(2);
  if (hour > 23 || minute > 59) return std::nullopt;
  const milliseconds offset = std::chrono::hours(hour) + std::chrono::minutes(minute);
  return west ? -offset : offset;
}

}  // namespace

std::string format_utc(WallTime time) {
  const auto day = floor<days>(time);
  const std::chrono::year_month_day date(day);
  const auto of_day = (time - day).count();
  const auto millis = of_day % 1000;
  const auto seconds = of_day / 1000;
  std::string text =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  seconds / 3600, seconds / 60 % 60, seconds % 60);
  if (millis != 0) text += fmt::format(".{:03}", millis);
  return text + "Z";
}

Result<WallTime> parse_instant(std::string_view text) {
  Cursor cursor(text);
  const auto date = read_date(cursor);
  cursor.expect("Tt ");
  const auto time = read_time(cursor);
  const auto offset = read_offset(cursor);
  if (!date || !time || !offset || !cursor.finished()) {
    return fail(
        ErrorKind::invalid_input,
        fmt::format("'{}' is not an RFC 3339 instant; write it like 2027-01-31T12:00:00Z", text));
  }
  return *date + *time - *offset;
}

Result<WallTime> parse_day(std::string_view text) {
  Cursor cursor(text);
  const auto date = read_date(cursor);
  if (!date || !cursor.finished()) {
    return fail(ErrorKind::invalid_input,
                fmt::format("'{}' is not a day of the calendar; write it like 2027-01-31", text));
  }
  return *date;
}

}  // namespace aka::base
