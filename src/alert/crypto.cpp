// Hashes and encodings over OpenSSL.
#include "alert/crypto.h"

#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace aka::alert {
namespace {

const unsigned char* raw(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

using Hash = std::array<unsigned char, 32>;

std::string hex(const Hash& hash) { return fmt::format("{:02x}", fmt::join(hash, "")); }

}  // namespace

std::string sha256_hex(std::string_view text) {
  Hash hash{};
  EVP_Digest(text.data(), text.size(), hash.data(), nullptr, EVP_sha256(), nullptr);
  return hex(hash);
}

std::string hmac_sha256_hex(const base::Secret& secret, std::string_view text) {
  Hash hash{};
  const std::string_view key = secret.reveal();
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), raw(text), text.size(), hash.data(),
       nullptr);
  return hex(hash);
}

std::string base64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');  // EVP writes a NUL at the end
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), raw(bytes),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

}  // namespace aka::alert
