// The arithmetic of RFC 7616, section 3.4, and of RFC 2069 where there is no qop. Entry point:
// answer_digest(). Texts that are hashed are the unescaped ones; the header repeats them escaped.
#include "atlas/auth/digest_answer.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

namespace aka::atlas {
namespace {

using base::ErrorKind;
using base::fail;
using base::Secret;

std::string hex(const unsigned char* bytes, std::size_t size) {
  std::string text(2 * size, '0');
  for (std::size_t i = 0; i < size; ++i) {
    text[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
    text[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
  }
  return text;
}

bool is_sha256(DigestAlgorithm algorithm) {
  return algorithm == DigestAlgorithm::sha256 || algorithm == DigestAlgorithm::sha256_sess;
}

bool is_session(DigestAlgorithm algorithm) {
  return algorithm == DigestAlgorithm::md5_sess || algorithm == DigestAlgorithm::sha256_sess;
}

class Hash {
 public:
  explicit Hash(DigestAlgorithm algorithm)
      : type_(EVP_MD_fetch(nullptr, is_sha256(algorithm) ? "SHA256" : "MD5", nullptr)) {}

  /// False if the provider has no such hash, or may not use it.
  bool usable() const { return type_ != nullptr; }

  /// In lower-case hex; empty if OpenSSL fails.
  std::string operator()(std::string_view text) const {
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
    unsigned size = 0;
    const int done =
        EVP_Digest(text.data(), text.size(), bytes.data(), &size, type_.get(), nullptr);
    return done == 1 ? hex(bytes.data(), size) : std::string();
  }

 private:
  struct Free {
    void operator()(EVP_MD* type) const { EVP_MD_free(type); }
  };
  std::unique_ptr<EVP_MD, Free> type_;
};

/// H(A1): whoever knows it can answer in the user's place, so it is a secret too.
Secret credential_hash(const Hash& hash, const DigestChallenge& challenge,
                       const DigestIdentity& identity, std::string_view cnonce) {
  const Secret plain(
      fmt::format("{}:{}:{}", identity.username, challenge.realm, identity.password.reveal()));
  Secret first(hash(plain.reveal()));
  if (!is_session(challenge.algorithm)) return first;
  const Secret session(fmt::format("{}:{}:{}", first.reveal(), challenge.nonce, cnonce));
  return Secret(hash(session.reveal()));
}

std::string response(const Hash& hash, const DigestChallenge& challenge,
                     const DigestIdentity& identity, const DigestUse& use) {
  const Secret first = credential_hash(hash, challenge, identity, use.cnonce);
  const std::string second = hash(fmt::format("{}:{}", use.method, use.target));
  const Secret all(challenge.qop_auth
                       ? fmt::format("{}:{}:{:08x}:{}:auth:{}", first.reveal(), challenge.nonce,
                                     use.count, use.cnonce, second)
                       : fmt::format("{}:{}:{}", first.reveal(), challenge.nonce, second));
  return hash(all.reveal());
}

std::string quoted(std::string_view text) {
  std::string result;
  result.reserve(text.size() + 2);
  result += '"';
  for (;;) {
    const std::size_t plain = std::min(text.find_first_of("\"\\"), text.size());
    result += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    result += '\\';
    result += text.front();
    text.remove_prefix(1);
  }
  result += '"';
  return result;
}

}  // namespace

base::Result<std::string> answer_digest(const DigestChallenge& challenge,
                                        const DigestIdentity& identity, const DigestUse& use) {
  const Hash hash(challenge.algorithm);
  const std::string proof = hash.usable() ? response(hash, challenge, identity, use) : "";
  if (proof.empty()) {
    return fail(ErrorKind::internal,
                fmt::format("OpenSSL refuses to compute {}, which the service demands (MD5 is "
                            "forbidden in FIPS mode): use a service account instead of an API key",
                            to_string(challenge.algorithm)));
  }
  std::string header = fmt::format(
      R"(Digest username={}, realm={}, nonce={}, uri={}, response="{}")", quoted(identity.username),
      quoted(challenge.realm), quoted(challenge.nonce), quoted(use.target), proof);
  if (challenge.names_algorithm)
    header += fmt::format(", algorithm={}", to_string(challenge.algorithm));
  if (challenge.qop_auth) {
    header += fmt::format(R"(, qop=auth, nc={:08x}, cnonce="{}")", use.count, use.cnonce);
  }
  if (challenge.opaque) header += fmt::format(", opaque={}", quoted(*challenge.opaque));
  return header;
}

base::Result<std::string> make_cnonce() {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    return fail(ErrorKind::internal, "OpenSSL cannot give random numbers; its seed source fails");
  }
  return hex(bytes.data(), bytes.size());
}

}  // namespace aka::atlas
