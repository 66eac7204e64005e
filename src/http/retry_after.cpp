// Reads Retry-After. Entry point: read_retry_after(). It is a number of seconds or an HTTP date,
// and the days of Atlas's dates are not always padded with a zero.
#include "http/retry_after.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <string_view>

namespace aka::http {
namespace {

using base::Duration;

constexpr std::chrono::hours kLongestWait{24};

template <typename Number>
std::optional<Number> read_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Takes the text up to the separator off the front of `rest`.
std::string_view take(std::string_view& rest, char separator) {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

std::optional<std::chrono::seconds> read_time_of_day(std::string_view text) {
  const auto hours = read_number<int>(take(text, ':'));
  const auto minutes = read_number<int>(take(text, ':'));
  const auto seconds = read_number<int>(text);
  if (!hours || !minutes || !seconds) return std::nullopt;
  if (*hours < 0 || *hours > 23 || *minutes < 0 || *minutes > 59 || *seconds < 0 || *seconds > 60) {
    return std::nullopt;
  }
  return std::chrono::hours(*hours) + std::chrono::minutes(*minutes) +
         std::chrono::seconds(*seconds);
}

/// "Thu, 01 Jul 2027 00:00:00 GMT", the day with or without its zero.
std::optional<base::WallTime> read_date(std::string_view text) {
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() < 5 || text.substr(3, 2) != ", ") return std::nullopt;
  text.remove_prefix(5);
  const auto day = read_number<unsigned>(take(text, ' '));
  const auto month = std::ranges::find(kMonths, take(text, ' '));
  const auto year = read_number<int>(take(text, ' '));
  const auto time = read_time_of_day(take(text, ' '));
  if (!day || month == kMonths.end() || !year || !time || text != "GMT") return std::nullopt;
  const std::chrono::year_month_day date{
      std::chrono::year(*year),
      std::chrono::month(static_cast<unsigned>(month - kMonths.begin()) + 1),
      std::chrono::day(*day)};
  if (!date.ok() || *year < 1970 || *year > 9999) return std::nullopt;
  return std::chrono::sys_days(date) + *time;
}

}  // namespace

std::optional<Duration> read_retry_after(const Answer& answer, base::WallTime now) {
  const std::string* const text = answer.header("Retry-After");
  if (text == nullptr) return std::nullopt;
  if (const auto seconds = read_number<long long>(*text)) {
    if (*seconds < 0) return std::nullopt;
    if (*seconds > std::chrono::seconds(kLongestWait).count()) return kLongestWait;
    return std::chrono::seconds(*seconds);
  }
  const auto until = read_date(*text);
  if (!until) return std::nullopt;
  const std::string* const date = answer.header("Date");
  const auto server_now = date == nullptr ? std::nullopt : read_date(*date);
  return std::clamp<Duration>(*until - server_now.value_or(now), Duration::zero(), kLongestWait);
}

}  // namespace aka::http
