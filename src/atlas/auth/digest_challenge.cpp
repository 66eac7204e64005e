// Reads challenges (RFC 9110, section 11.6.1) and picks the best Digest one. Entry points:
// parse_challenges(), choose_digest(). The grammar is ambiguous at commas: a word after one is a
// parameter if `=` and a value follow, else the scheme of the next challenge.
#include "atlas/auth/digest_challenge.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include <fmt/format.h>

#include "base/redaction.h"
#include "http/message.h"

namespace aka::atlas {
namespace {

constexpr std::size_t kLongestHeader = 8192;
constexpr std::size_t kMostChallenges = 16;
constexpr std::size_t kMostParameters = 32;

constexpr std::array<DigestAlgorithm, 4> kAlgorithms{
    DigestAlgorithm::md5, DigestAlgorithm::md5_sess, DigestAlgorithm::sha256,
    DigestAlgorithm::sha256_sess};

std::string lowered(std::string_view text) {
  std::string result(text);
  for (char& symbol : result) {
    if (symbol >= 'A' && symbol <= 'Z') symbol = static_cast<char>(symbol - 'A' + 'a');
  }
  return result;
}

bool is_alphanumeric(char symbol) {
  return (symbol >= '0' && symbol <= '9') || (symbol >= 'a' && symbol <= 'z') ||
         (symbol >= 'A' && symbol <= 'Z');
}

bool is_token_symbol(char symbol) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return is_alphanumeric(symbol) || kOthers.find(symbol) != std::string_view::npos;
}

/// Walks over one header. Every method moves forward or leaves the place as it is.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }

  void skip_blanks() { skip(" \t"); }
  void skip_commas() { skip(" \t,"); }

  bool take(char symbol) {
    if (!rest_.starts_with(symbol)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  std::string_view take_token() {
    const auto* const end = std::find_if_not(rest_.begin(), rest_.end(), is_token_symbol);
    const std::string_view token = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
    rest_.remove_prefix(token.size());
    return token;
  }

  /// Passes over a token68, as `Negotiate` carries one, if that is all up to the next comma.
  void skip_token68() {
    constexpr std::string_view kOthers = "-._~+/";
    Cursor ahead = *this;
    while (!ahead.at_end() && (is_alphanumeric(ahead.rest_.front()) ||
                               kOthers.find(ahead.rest_.front()) != std::string_view::npos)) {
      ahead.rest_.remove_prefix(1);
    }
    ahead.skip("=");
    ahead.skip_blanks();
    if (ahead.at_end() || ahead.rest_.starts_with(',')) *this = ahead;
  }

  /// A token or a quoted string, without its quotes and escapes; nothing if neither is there.
  std::optional<std::string> take_value() {
    if (!take('"')) {
      const std::string_view token = take_token();
      return token.empty() ? std::nullopt : std::optional(std::string(token));
    }
    std::string value;
    while (!rest_.empty() && !rest_.starts_with('"')) {
      if (rest_.starts_with('\\') && rest_.size() > 1) rest_.remove_prefix(1);
      value += rest_.front();
      rest_.remove_prefix(1);
    }
    return take('"') ? std::optional(std::move(value)) : std::nullopt;
  }

 private:
  void skip(std::string_view symbols) {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(symbols), rest_.size()));
  }

  std::string_view rest_;
};

enum class Step { parameter, no_parameter, broken };

/// Reads `name = value`; on no_parameter the cursor stands where it stood.
Step read_parameter(Cursor& cursor, std::pair<std::string, std::string>& parameter) {
  Cursor ahead = cursor;
  const std::string_view name = ahead.take_token();
  ahead.skip_blanks();
  if (name.empty() || !ahead.take('=')) return Step::no_parameter;
  ahead.skip_blanks();
  auto value = ahead.take_value();
  if (!value) return Step::broken;
  cursor = ahead;
  parameter = {lowered(name), std::move(*value)};
  return Step::parameter;
}

/// Reads parameters up to the next scheme or the end; false if they are malformed.
bool read_parameters(Cursor& cursor, std::vector<std::pair<std::string, std::string>>& into) {
  bool clean = true;
  while (true) {
    cursor.skip_commas();
    std::pair<std::string, std::string> parameter;
    const Step step = read_parameter(cursor, parameter);
    if (step == Step::no_parameter) return clean;
    if (step == Step::broken) {
      cursor = Cursor({});
      return false;
    }
    const bool repeated = std::ranges::any_of(
        into, [&](const auto& earlier) { return earlier.first == parameter.first; });
    clean = clean && !repeated && into.size() < kMostParameters;
    if (clean) into.push_back(std::move(parameter));
  }
}

const std::string* find(const std::vector<std::pair<std::string, std::string>>& parameters,
                        std::string_view name) {
  const auto found = std::ranges::find(
      parameters, name, [](const auto& entry) { return std::string_view(entry.first); });
  return found == parameters.end() ? nullptr : &found->second;
}

bool is_printable(std::string_view text) {
  return std::ranges::none_of(text, [](char symbol) {
    const auto code = static_cast<unsigned char>(symbol);
    return code < 0x20 || code == 0x7f;
  });
}

bool offers_auth(std::string_view qop) {
  Cursor cursor(qop);
  while (true) {
    cursor.skip_commas();
    const std::string_view token = cursor.take_token();
    if (token.empty()) return false;
    if (http::equal_ignoring_case(token, "auth")) return true;
  }
}

std::optional<DigestChallenge> read_digest(const Challenge& challenge) {
  if (!http::equal_ignoring_case(challenge.scheme, "Digest")) return std::nullopt;
  const std::string* const realm = challenge.parameter("realm");
  const std::string* const nonce = challenge.parameter("nonce");
  const std::string* const opaque = challenge.parameter("opaque");
  const std::string* const algorithm = challenge.parameter("algorithm");
  const std::string* const qop = challenge.parameter("qop");
  const std::string* const stale = challenge.parameter("stale");
  if (realm == nullptr || nonce == nullptr || nonce->empty()) return std::nullopt;

  DigestChallenge digest;
  digest.names_algorithm = algorithm != nullptr;
  if (algorithm != nullptr) {
    const auto known = std::ranges::find_if(kAlgorithms, [&](DigestAlgorithm candidate) {
      return http::equal_ignoring_case(to_string(candidate), *algorithm);
    });
    if (known == kAlgorithms.end()) return std::nullopt;
    digest.algorithm = *known;
  }
  digest.qop_auth = qop != nullptr && offers_auth(*qop);
  if (qop != nullptr && !qop->empty() && !digest.qop_auth) return std::nullopt;
  const bool session = digest.algorithm == DigestAlgorithm::md5_sess ||
                       digest.algorithm == DigestAlgorithm::sha256_sess;
  if (session && !digest.qop_auth) return std::nullopt;  // it needs the cnonce that comes with qop
  if (!is_printable(*realm) || !is_printable(*nonce)) return std::nullopt;
  if (opaque != nullptr && !is_printable(*opaque)) return std::nullopt;
  digest.stale = stale != nullptr && http::equal_ignoring_case(*stale, "true");
  digest.realm = *realm;
  digest.nonce = *nonce;
  if (opaque != nullptr) digest.opaque = *opaque;
  return digest;
}

int strength(const DigestChallenge& challenge) {
  const bool sha = challenge.algorithm == DigestAlgorithm::sha256 ||
                   challenge.algorithm == DigestAlgorithm::sha256_sess;
  return (sha ? 2 : 0) + (challenge.qop_auth ? 1 : 0);
}

std::vector<Challenge> parse_all(const std::vector<std::string_view>& headers) {
  std::vector<Challenge> all;
  for (const std::string_view header : headers) {
    for (Challenge& challenge : parse_challenges(header)) {
      if (all.size() < kMostChallenges) all.push_back(std::move(challenge));
    }
  }
  return all;
}

}  // namespace

std::string_view to_string(DigestAlgorithm algorithm) {
  switch (algorithm) {
    case DigestAlgorithm::md5:
      return "MD5";
    case DigestAlgorithm::md5_sess:
      return "MD5-sess";
    case DigestAlgorithm::sha256:
      return "SHA-256";
    case DigestAlgorithm::sha256_sess:
      return "SHA-256-sess";
  }
  return "";
}

const std::string* Challenge::parameter(std::string_view name) const {
  return find(parameters, name);
}

std::vector<Challenge> parse_challenges(std::string_view header) {
  std::vector<Challenge> challenges;
  if (header.size() > kLongestHeader) return challenges;
  Cursor cursor(header);
  while (challenges.size() < kMostChallenges) {
    cursor.skip_commas();
    Challenge challenge;
    challenge.scheme = cursor.take_token();
    if (challenge.scheme.empty()) break;
    cursor.skip_blanks();
    cursor.skip_token68();
    if (read_parameters(cursor, challenge.parameters)) challenges.push_back(std::move(challenge));
  }
  return challenges;
}

std::vector<std::pair<std::string, std::string>> parse_parameters(std::string_view header) {
  std::vector<std::pair<std::string, std::string>> parameters;
  if (header.size() > kLongestHeader) return parameters;
  Cursor cursor(header);
  const bool clean = read_parameters(cursor, parameters);
  if (!clean || !cursor.at_end()) parameters.clear();
  return parameters;
}

std::optional<DigestChallenge> choose_digest(const std::vector<std::string_view>& headers) {
  std::optional<DigestChallenge> best;
  for (const Challenge& challenge : parse_all(headers)) {
    auto digest = read_digest(challenge);
    if (digest && (!best || strength(*digest) > strength(*best))) best = std::move(digest);
  }
  return best;
}

std::string describe_offer(const std::vector<std::string_view>& headers) {
  std::string offer;
  for (const Challenge& challenge : parse_all(headers)) {
    if (!offer.empty()) offer += ", ";
    offer += base::shown(challenge.scheme);
    const std::string* const algorithm = challenge.parameter("algorithm");
    if (algorithm != nullptr) offer += " with " + base::shown(*algorithm);
  }
  return offer;
}

}  // namespace aka::atlas
