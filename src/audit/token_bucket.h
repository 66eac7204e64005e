#pragma once

#include <optional>

#include "base/clock.h"

namespace aka::audit {

/// What the service said of its own limit: the headers `RateLimit-Limit` and
/// `RateLimit-Remaining`, either of which may be missing (Atlas docs, "API rate limits").
struct ServiceLimit {
  std::optional<long long> limit;
  std::optional<long long> remaining;
};

/// The request budget of one organization: at most `burst` at once and `per_minute` over time,
/// less where the service says so, for it counts the organization's other clients too. A value.
class TokenBucket {
 public:
  TokenBucket(int burst, int per_minute, base::SteadyTime now);

  /// The earliest instant, not before `now`, at which a request may start.
  base::SteadyTime ready_at(base::SteadyTime now) const;

  /// Pays for requests made. May overdraw, as by the second request that answers a challenge; the
  /// next one then waits longer.
  void take(base::SteadyTime now, int requests);

  /// The same history under another limit: what was spent stays spent.
  TokenBucket resized(int burst, int per_minute, base::SteadyTime now) const;

  void learn(const ServiceLimit& said, base::SteadyTime now);

 private:
  double tokens_at(base::SteadyTime now) const;

  double burst_;     ///< as configured
  double capacity_;  ///< burst_, or less by the service's word
  double per_nanosecond_;
  double tokens_;
  base::SteadyTime counted_at_;
};

}  // namespace aka::audit
