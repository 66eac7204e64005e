#pragma once

#include <optional>

#include "base/clock.h"
#include "base/duration.h"
#include "http/message.h"

namespace aka::http {

/// How long the answer asks to wait (Retry-After), 0 to one day. `now` serves to turn a date into a
/// time span, where the answer has no readable Date of its own. What cannot be read is nothing.
std::optional<base::Duration> read_retry_after(const Answer& answer, base::WallTime now);

}  // namespace aka::http
