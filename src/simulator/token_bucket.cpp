// A token bucket that fills continuously. Entry point: take().
#include "simulator/token_bucket.h"

#include <algorithm>
#include <cmath>

namespace aka::simulator {
namespace {

/// What sums of fractions may miss: a token that is due has come.
constexpr double kFuzz = 1e-9;

}  // namespace

TokenBucket::Taken TokenBucket::take(base::SteadyTime now) {
  const std::lock_guard lock(mutex_);
  const double per_second = limit_.per_minute / 60.0;
  if (now > filled_) {
    const double seconds = std::chrono::duration<double>(now - filled_).count();
    tokens_ = std::min<double>(limit_.burst, tokens_ + seconds * per_second);
    filled_ = now;
  }
  if (tokens_ >= 1 - kFuzz) {
    tokens_ = std::max(0.0, tokens_ - 1);
    return {.granted = true, .remaining = static_cast<int>(tokens_ + kFuzz), .retry_after = {}};
  }
  const auto wait = static_cast<long>(std::ceil((1 - tokens_) / per_second - kFuzz));
  return {.granted = false,
          .remaining = 0,
          .retry_after = std::chrono::seconds(std::max<long>(wait, 1))};
}

}  // namespace aka::simulator
