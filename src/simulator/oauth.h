#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/duration.h"
#include "simulator/stats.h"
#include "simulator/token_bucket.h"
#include "simulator/world.h"
#include "web/http.h"

namespace aka::simulator {

struct OAuthSettings {
  base::Duration token_life = std::chrono::hours(1);
  std::size_t active_tokens = 100;  ///< per service account
  int requests_per_minute = 50;     ///< per service account, at the token endpoint
};

/// The token endpoint of service accounts. Safe from any thread.
class TokenOffice {
 public:
  /// Both must outlive this object.
  TokenOffice(const World& world, Stats& stats, OAuthSettings settings);

  web::Response issue(const web::Request& request, base::SteadyTime now);
  web::Response revoke(const web::Request& request);

  /// The client id that a token, still good at `now`, was issued to.
  std::optional<std::string> holder(std::string_view token, base::SteadyTime now) const;

 private:
  struct Token {
    std::string client_id;
    base::SteadyTime expires{};
  };

  /// The service account whose id and secret the Basic header holds, as raw bytes.
  std::optional<Caller> authenticated(const web::Request& request) const;
  bool within_rate(const std::string& client_id, base::SteadyTime now);
  /// Nothing when the account has as many tokens as it may.
  std::optional<std::string> make_token(const std::string& client_id, base::SteadyTime now);

  const World& world_;
  Stats& stats_;
  const OAuthSettings settings_;
  std::atomic<std::uint64_t> serial_{0};
  mutable std::shared_mutex mutex_;  ///< guards what follows
  std::unordered_map<std::string, Token> tokens_;
  std::unordered_map<std::string, TokenBucket> rates_;  ///< by client id
};

}  // namespace aka::simulator
