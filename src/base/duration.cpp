// Durations as Prometheus writes them. Entry points: parse_duration(), format_duration(); both
// walk one table of units from large to small.
#include "base/duration.h"

#include <array>
#include <charconv>
#include <cstdint>

#include <fmt/format.h>

namespace aka::base {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t milliseconds;
};

constexpr std::array<Unit, 6> kUnits{{{"w", 604'800'000},
                                      {"d", 86'400'000},
                                      {"h", 3'600'000},
                                      {"m", 60'000},
                                      {"s", 1'000},
                                      {"ms", 1}}};
constexpr std::int64_t kLongest = 3650LL * 86'400'000;

tl::unexpected<Error> bad(std::string_view text, std::string_view why) {
  return fail(ErrorKind::invalid_input,
              fmt::format("'{}' is not a duration: {}; write it like 500ms, 30s, 5m, 4h or 30d",
                          text, why));
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  if (text.empty()) return bad(text, "it is empty");
  std::int64_t total = 0;
  std::size_t next_unit = 0;
  std::string_view rest = text;
  while (!rest.empty()) {
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
    if (error != std::errc() || rest.front() == '-')
      return bad(text, "a whole number must come before each unit");
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    const std::string_view name = rest.substr(0, rest.find_first_of("0123456789"));
    if (name.empty()) return bad(text, "it has no unit");
    std::size_t unit = next_unit;
    while (unit < kUnits.size() && kUnits[unit].name != name) ++unit;
    if (unit == kUnits.size())
      return bad(text, fmt::format("'{}' is no unit that may stand there", name));
    if (count > kLongest / kUnits[unit].milliseconds)
      return bad(text, "it is longer than 10 years");
    total += count * kUnits[unit].milliseconds;
    if (total > kLongest) return bad(text, "it is longer than 10 years");
    next_unit = unit + 1;
    rest.remove_prefix(name.size());
  }
  return Duration(total);
}

std::string format_duration(Duration duration) {
  std::int64_t rest = duration.count();
  if (rest == 0) return "0s";
  std::string text = rest < 0 ? "-" : "";
  if (rest < 0) rest = -rest;
  for (const Unit& unit : kUnits) {
    if (unit.name == "w") continue;  // read, never written: "400d" says more than "57w1d"
    if (const std::int64_t count = rest / unit.milliseconds; count > 0) {
      text += fmt::format("{}{}", count, unit.name);
      rest %= unit.milliseconds;
    }
  }
  return text;
}

}  // namespace aka::base
