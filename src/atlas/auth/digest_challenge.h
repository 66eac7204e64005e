#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace aka::atlas {

enum class DigestAlgorithm { md5, md5_sess, sha256, sha256_sess };

std::string_view to_string(DigestAlgorithm algorithm);  ///< as RFC 7616 writes it

/// A Digest challenge that this program can answer (RFC 7616, and RFC 2069 where it has no qop).
struct DigestChallenge {
  DigestAlgorithm algorithm = DigestAlgorithm::md5;
  bool names_algorithm = false;  ///< the challenge says it, so that the answer repeats it
  bool qop_auth = false;         ///< false: the form without qop
  bool stale = false;
  std::string realm;
  std::string nonce;
  std::optional<std::string> opaque;
};

/// One challenge of a WWW-Authenticate header, as written.
struct Challenge {
  std::string scheme;
  std::vector<std::pair<std::string, std::string>> parameters;  ///< names in lower case

  const std::string* parameter(std::string_view name) const;  ///< nullptr without it
};

/// The challenges of one header. Reads what it can: one that is malformed, or names a parameter
/// twice, is left out, and what follows a broken quote is lost. Bounded in size and number.
std::vector<Challenge> parse_challenges(std::string_view header);

/// The parameters of a header without a scheme, as Authentication-Info; empty if malformed.
std::vector<std::pair<std::string, std::string>> parse_parameters(std::string_view header);

/// The strongest of all Digest challenges in these headers that can be answered: SHA-256 before
/// MD5, with qop before without, else the first.
std::optional<DigestChallenge> choose_digest(const std::vector<std::string_view>& headers);

/// The schemes and algorithms offered, for messages: "Basic, Digest with SHA-512-256".
std::string describe_offer(const std::vector<std::string_view>& headers);

}  // namespace aka::atlas
