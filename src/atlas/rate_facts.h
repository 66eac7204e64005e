#pragma once

#include <optional>

#include "base/clock.h"
#include "base/duration.h"
#include "http/message.h"

namespace aka::atlas {

/// What an answer says of the service's rate limit; any of it may be missing.
struct RateFacts {
  std::optional<long long> limit;             ///< RateLimit-Limit: requests in a full bucket
  std::optional<long long> remaining;         ///< RateLimit-Remaining: requests left now
  std::optional<base::Duration> retry_after;  ///< Retry-After, 0 to one day

  friend bool operator==(const RateFacts&, const RateFacts&) = default;
};

/// `now` serves to turn a Retry-After that is a date into a time span, where the answer has no
/// readable Date of its own. What cannot be read counts as missing.
RateFacts read_rate_facts(const http::Answer& answer, base::WallTime now);

}  // namespace aka::atlas
