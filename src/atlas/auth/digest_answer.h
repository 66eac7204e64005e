#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "atlas/auth/digest_challenge.h"
#include "base/result.h"
#include "base/secret.h"

namespace aka::atlas {

/// Who answers.
struct DigestIdentity {
  std::string username;
  base::Secret password;
};

/// What the answer covers.
struct DigestUse {
  std::string_view method;
  std::string_view target;  ///< the whole request target, query included
  std::uint32_t count = 1;  ///< how often the nonce was used, this time included
  std::string_view cnonce;  ///< one text for the life of the nonce
};

/// The value of the Authorization header. Fails if OpenSSL refuses the hash, as a FIPS provider
/// does with MD5.
base::Result<std::string> answer_digest(const DigestChallenge& challenge,
                                        const DigestIdentity& identity, const DigestUse& use);

/// 128 random bits in hex.
base::Result<std::string> make_cnonce();

}  // namespace aka::atlas
