#pragma once

#include <chrono>
#include <mutex>

#include "base/clock.h"

namespace aka::simulator {

/// What the service grants per organization; the defaults are those of the API key endpoints of v2.
struct RateLimit {
  int burst = 500;
  int per_minute = 250;

  friend bool operator==(const RateLimit&, const RateLimit&) = default;
};

/// One budget of requests. It starts full and fills evenly. Safe from any thread.
class TokenBucket {
 public:
  struct Taken {
    bool granted = false;
    int remaining = 0;                    ///< whole tokens left
    std::chrono::seconds retry_after{0};  ///< until the next token, at least 1 s; 0 if granted
  };

  /// Both numbers of `limit` are at least 1.
  explicit TokenBucket(RateLimit limit) : limit_(limit), tokens_(limit.burst) {}

  /// `now` of different threads may arrive out of order.
  Taken take(base::SteadyTime now);
  const RateLimit& limit() const { return limit_; }

 private:
  const RateLimit limit_;
  std::mutex mutex_;  ///< guards what follows
  double tokens_;
  base::SteadyTime filled_{};  ///< up to when tokens_ counts; the epoch before the first request
};

}  // namespace aka::simulator
