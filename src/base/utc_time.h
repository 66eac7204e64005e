#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace aka::base {

/// RFC 3339 in UTC; milliseconds only where there are some: "2026-11-24T05:47:18Z".
std::string format_utc(WallTime time);

/// An RFC 3339 instant with `Z` or an offset. Fractions are read to the millisecond.
Result<WallTime> parse_instant(std::string_view text);

/// A calendar day "2027-01-31": its first instant in UTC.
Result<WallTime> parse_day(std::string_view text);

}  // namespace aka::base
