#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/duration.h"
#include "base/secret.h"
#include "simulator/crypto.h"

namespace aka::simulator {

enum class DigestQop { auth, none };

struct DigestSettings {
  HashAlgorithm algorithm = HashAlgorithm::md5;
  DigestQop qop = DigestQop::auth;
  base::Duration nonce_life = std::chrono::seconds(60);
};

/// What a client says in `Authorization: Digest ...`; absent parameters are empty.
struct DigestAnswer {
  std::string username, realm, nonce, uri, response, algorithm, qop, nc, cnonce;
};

/// Nothing for another scheme, or for what cannot be read.
std::optional<DigestAnswer> parse_digest(std::string_view authorization);

/// RFC 7616, section 3.4.1: what `response` must be. An empty `qop` gives the older form.
std::string digest_response(HashAlgorithm algorithm, const DigestAnswer& answer,
                            std::string_view password, std::string_view method);

/// Hands out nonces and judges what is made of them. A nonce is a time, a number and a seal, so a
/// challenge costs no memory; what is remembered is the highest count of each nonce in use.
/// Safe from any thread.
class DigestGuard {
 public:
  enum class Outcome {
    accepted,
    refused,  ///< wrong secret, another request's answer, a foreign nonce, a count seen before
    stale,    ///< right in everything, but the nonce is too old
  };

  explicit DigestGuard(DigestSettings settings);

  /// The value of WWW-Authenticate, spelled as Atlas does: empty domain, `algorithm` and `stale`
  /// without quotes, no opaque.
  std::string challenge(Outcome after, base::SteadyTime now);

  /// `method` and `target` are those of the request: the answer must be about them.
  Outcome check(const DigestAnswer& answer, std::string_view method, std::string_view target,
                const base::Secret& password, base::SteadyTime now);

 private:
  struct Use {
    std::uint32_t count = 0;
    base::SteadyTime expires{};
  };
  struct Shard {
    std::mutex mutex;  ///< guards what follows
    std::unordered_map<std::string, Use> uses;
    std::size_t sweep_at = 1024;
  };

  std::string seal(std::string_view body) const;
  std::optional<base::SteadyTime> issued(std::string_view nonce) const;
  bool is_well_formed(const DigestAnswer& answer, std::string_view target) const;
  bool count_rises(const DigestAnswer& answer, base::SteadyTime expires, base::SteadyTime now);

  const DigestSettings settings_;
  const std::string key_ = random_bytes(32);
  std::atomic<std::uint32_t> serial_{0};
  std::array<Shard, 16> shards_;
};

}  // namespace aka::simulator
