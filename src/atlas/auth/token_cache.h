#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <tl/expected.hpp>

#include "atlas/auth/token_endpoint.h"
#include "base/clock.h"
#include "base/secret.h"
#include "base/stop.h"

namespace aka::atlas {

using SharedToken = std::shared_ptr<const Token>;

/// The one token of a service account. The endpoint allows few requests a minute and an account
/// few live tokens, so all threads share it, one of them fetches for all, and failures are followed
/// by a pause. Safe from any thread.
class TokenCache {
 public:
  TokenCache(std::string client_id, base::Secret secret);

  /// A token to use now. Whoever finds none, or one due for renewal, fetches it over its own line;
  /// the others wait, by their own deadline and stop, unless the old one still lives.
  tl::expected<SharedToken, NoToken> acquire(Line& line);

  /// The API took this token.
  void accepted(const SharedToken& token);

  /// The API refused this token. True if acquire() will give another one. False if that would not
  /// help: it was fetched only a moment ago, or replacing it has been tried too often of late.
  bool replace(const SharedToken& token, base::SteadyTime now);

  /// For fetches from now on. Ends a pause that the old secret earned.
  void set_secret(base::Secret secret);
  base::Secret secret() const;

  /// Revokes the token, if one lives.
  void revoke(Line& line);

  const std::string& client_id() const { return client_id_; }

 private:
  struct Flight;

  tl::expected<SharedToken, NoToken> fetch(Line& line, std::unique_lock<std::mutex>& lock);
  void pause(const Refusal& refusal, base::SteadyTime now);

  const std::string client_id_;

  mutable std::mutex mutex_;  // guards all below; never held while a request is under way
  std::shared_ptr<const TokenClient> client_;
  std::shared_ptr<Flight> flight_;  // a fetch under way
  SharedToken token_;
  bool token_accepted_ = false;
  std::optional<Refusal> last_refusal_;
  int refusals_ = 0;                 // in a row
  base::SteadyTime paused_until_{};  // no fetch before
  std::chrono::seconds least_age_to_replace_{0};
};

}  // namespace aka::atlas
