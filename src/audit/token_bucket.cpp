// A token bucket refilled by computation: no timer, no state but a level and an instant.
#include "audit/token_bucket.h"

#include <algorithm>
#include <cmath>

namespace aka::audit {
namespace {

constexpr double kNanosecondsPerMinute = 60e9;

}  // namespace

TokenBucket::TokenBucket(int burst, int per_minute, base::SteadyTime now)
    : burst_(burst),
      capacity_(burst),
      per_nanosecond_(per_minute / kNanosecondsPerMinute),
      tokens_(burst),
      counted_at_(now) {}

double TokenBucket::tokens_at(base::SteadyTime now) const {
  const auto passed = std::max(now - counted_at_, std::chrono::nanoseconds::zero());
  return std::min(capacity_, tokens_ + static_cast<double>(passed.count()) * per_nanosecond_);
}

base::SteadyTime TokenBucket::ready_at(base::SteadyTime now) const {
  const double lacking = 1.0 - tokens_at(now);
  if (lacking <= 0) return now;
  return now +
         std::chrono::nanoseconds(static_cast<long long>(std::ceil(lacking / per_nanosecond_)));
}

void TokenBucket::take(base::SteadyTime now, int requests) {
  tokens_ = tokens_at(now) - requests;
  counted_at_ = std::max(now, counted_at_);
}

TokenBucket TokenBucket::resized(int burst, int per_minute, base::SteadyTime now) const {
  TokenBucket other(burst, per_minute, now);
  other.tokens_ = std::min(other.tokens_, tokens_at(now) + burst - burst_);
  return other;
}

void TokenBucket::learn(const ServiceLimit& said, base::SteadyTime now) {
  // A limit below one request would stop the polls for good; then the answers 429 say when to go
  // on.
  if (said.limit) capacity_ = std::clamp(static_cast<double>(*said.limit), 1.0, burst_);
  tokens_ = tokens_at(now);
  counted_at_ = std::max(now, counted_at_);
  if (said.remaining)
    tokens_ = std::min(tokens_, static_cast<double>(std::max(0LL, *said.remaining)));
}

}  // namespace aka::audit
