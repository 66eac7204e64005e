// The arithmetic of RFC 7616, section 3.4, and of RFC 2069 where there is no qop. Entry point:
// DigestAnswerer. Texts that are hashed are the unescaped ones; the header repeats them escaped.
#include "atlas/auth/digest_answer.h"

#include <array>
#include <cstddef>
#include <initializer_list>

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

std::string quoted(std::string_view text) {
  std::string result = "\"";
  result.reserve(text.size() + 2);
  for (const char symbol : text) {
    if (symbol == '"' || symbol == '\\') result += '\\';
    result += symbol;
  }
  result += '"';
  return result;
}

}  // namespace

/// In lower-case hex. Its parts go in one by one, so that no secret text is put together.
class DigestAnswerer::Hash {
 public:
  explicit Hash(DigestAlgorithm algorithm)
      : type_(EVP_MD_fetch(nullptr, is_sha256(algorithm) ? "SHA256" : "MD5", nullptr)),
        context_(EVP_MD_CTX_new()) {}

  /// Empty if the provider has no such hash or may not use it, or OpenSSL fails otherwise.
  std::string operator()(std::initializer_list<std::string_view> parts) const {
    EVP_MD_CTX* const context = context_.get();
    if (type_ == nullptr || context == nullptr) return {};
    if (EVP_DigestInit_ex(context, type_.get(), nullptr) != 1) return {};
    for (const std::string_view part : parts) {
      if (EVP_DigestUpdate(context, part.data(), part.size()) != 1) return {};
    }
    std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
    unsigned size = 0;
    if (EVP_DigestFinal_ex(context, bytes.data(), &size) != 1) return {};
    return hex(bytes.data(), size);
  }

 private:
  struct Free {
    void operator()(EVP_MD* type) const { EVP_MD_free(type); }
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD, Free> type_;
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

DigestAnswerer::DigestAnswerer(const DigestChallenge& challenge, const DigestIdentity& identity,
                               std::string_view cnonce)
    : algorithm_(challenge.algorithm),
      qop_auth_(challenge.qop_auth),
      hash_(std::make_unique<Hash>(algorithm_)),
      hashed_before_count_(fmt::format(":{}:", challenge.nonce)),
      opening_(
          fmt::format("Digest username={}, realm={}, nonce={}, uri=", quoted(identity.username),
                      quoted(challenge.realm), quoted(challenge.nonce))) {
  credential_hash_ =
      Secret((*hash_)({identity.username, ":", challenge.realm, ":", identity.password.reveal()}));
  if (is_session(algorithm_)) {
    credential_hash_ =
        Secret((*hash_)({credential_hash_.reveal(), ":", challenge.nonce, ":", cnonce}));
  }
  if (challenge.names_algorithm) middle_ = fmt::format(", algorithm={}", to_string(algorithm_));
  if (qop_auth_) {
    hashed_after_count_ = fmt::format(":{}:auth:", cnonce);
    middle_ += ", qop=auth, nc=";
    end_ = fmt::format(R"(, cnonce="{}")", cnonce);
  }
  if (challenge.opaque) end_ += fmt::format(", opaque={}", quoted(*challenge.opaque));
}

DigestAnswerer::~DigestAnswerer() = default;
DigestAnswerer::DigestAnswerer(DigestAnswerer&&) noexcept = default;
DigestAnswerer& DigestAnswerer::operator=(DigestAnswerer&&) noexcept = default;

std::string DigestAnswerer::response(const DigestUse& use, std::string_view count) {
  const std::string_view first = credential_hash_.reveal();
  const std::string second = (*hash_)({use.method, ":", use.target});
  if (first.empty() || second.empty()) return {};
  return (*hash_)({first, hashed_before_count_, count, hashed_after_count_, second});
}

base::Result<std::string> DigestAnswerer::answer(const DigestUse& use) {
  const std::string count = qop_auth_ ? fmt::format("{:08x}", use.count) : std::string();
  const std::string proof = response(use, count);
  if (proof.empty()) {
    return fail(ErrorKind::internal,
                fmt::format("OpenSSL refuses to compute {}, which the service demands (MD5 is "
                            "forbidden in FIPS mode): use a service account instead of an API key",
                            to_string(algorithm_)));
  }
  return fmt::format(R"({}{}, response="{}"{}{}{})", opening_, quoted(use.target), proof, middle_,
                     count, end_);
}

base::Result<std::string> make_cnonce() {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    return fail(ErrorKind::internal, "OpenSSL cannot give random numbers; its seed source fails");
  }
  return hex(bytes.data(), bytes.size());
}

}  // namespace aka::atlas
