#pragma once

#include <string>

#include <tl/expected.hpp>

#include "atlas/auth/authenticator.h"
#include "base/clock.h"
#include "base/secret.h"

namespace aka::atlas {

/// Who asks for a token, and with which secret.
struct TokenClient {
  std::string id;
  base::Secret secret;
};

/// An access token. Its times are those of the line's clock.
struct Token {
  base::Secret text;
  base::SteadyTime fetched;   ///< when it was asked for
  base::SteadyTime renew_at;  ///< a quarter of its life, at most 10 minutes, before it expires
  base::SteadyTime expires_at;
};

/// Why there is no token.
struct NoToken {
  bool stopped = false;  ///< a stop was requested; the refusal then means nothing
  Refusal refusal;
};

/// Asks the service for a token (RFC 6749, section 4.4). No 404 of this endpoint is a state of
/// `not_found`: it says nothing of a key.
tl::expected<Token, NoToken> fetch_token(const TokenClient& client, Line& line);

/// Tells the service that the token is not needed any more. Whether it listens is not known.
void revoke_token(const TokenClient& client, const Token& token, Line& line);

}  // namespace aka::atlas
