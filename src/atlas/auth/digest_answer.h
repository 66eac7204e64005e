#pragma once

#include <cstdint>
#include <memory>
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
};

/// Answers one challenge each time its nonce is used; what does not change from one use to the next
/// is worked out once. Used by one thread at a time.
class DigestAnswerer {
 public:
  /// `cnonce`: one text for the life of the nonce.
  DigestAnswerer(const DigestChallenge& challenge, const DigestIdentity& identity,
                 std::string_view cnonce);
  ~DigestAnswerer();
  DigestAnswerer(DigestAnswerer&&) noexcept;
  DigestAnswerer& operator=(DigestAnswerer&&) noexcept;

  /// The value of the Authorization header. Fails if OpenSSL refuses the hash, as a FIPS provider
  /// does with MD5.
  base::Result<std::string> answer(const DigestUse& use);

 private:
  class Hash;

  std::string response(const DigestUse& use, std::string_view count);

  DigestAlgorithm algorithm_;
  bool qop_auth_;
  std::unique_ptr<Hash> hash_;
  base::Secret credential_hash_;  ///< H(A1): whoever knows it can answer in the user's place
  // Of what is hashed. Without qop the count and what follows it are empty.
  std::string hashed_before_count_;
  std::string hashed_after_count_;
  // Of the header: before the target, before the count, and after it.
  std::string opening_;
  std::string middle_;
  std::string end_;
};

/// 128 random bits in hex.
base::Result<std::string> make_cnonce();

}  // namespace aka::atlas
