#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace aka::base {

using Duration = std::chrono::milliseconds;

/// Prometheus style: one or more of `d h m s ms` from large to small, each once: "1h30m", "500ms",
/// "0s". At most 10 years. The error says what is wrong and shows an example.
Result<Duration> parse_duration(std::string_view text);

/// The shortest text that parse_duration() reads back: "5m", "1h30m", "0s".
std::string format_duration(Duration duration);

}  // namespace aka::base
