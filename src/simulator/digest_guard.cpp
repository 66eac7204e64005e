// Digest authentication, the server's half. Entry points: DigestGuard::challenge() and check().
// The order of the checks is that of the service's framework: a nonce's seal, the secret, its age;
// the count last, so that a refused request does not use one up.
#include "simulator/digest_guard.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstring>

#include <fmt/format.h>

namespace aka::simulator {
namespace {

constexpr std::string_view kRealm = "MMS Public API";
constexpr std::size_t kNonceBody = 12;  ///< bytes: 8 of time, 4 of serial number
constexpr std::size_t kNonceSeal = 12;  ///< 24 bytes in all: 32 base64 characters, as Atlas's

std::string_view name_of(HashAlgorithm algorithm) {
  return algorithm == HashAlgorithm::md5 ? "MD5" : "SHA-256";
}

bool same_word(std::string_view left, std::string_view right) {
  return std::ranges::equal(
      left, right, {}, [](unsigned char c) { return std::tolower(c); },
      [](unsigned char c) { return std::tolower(c); });
}

std::string_view trimmed_left(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t,");
  return start == std::string_view::npos ? std::string_view() : text.substr(start);
}

/// Reads a token or a quoted string off the front.
std::optional<std::string> take_value(std::string_view& text) {
  if (!text.starts_with('"')) {
    const std::string_view token = text.substr(0, text.find_first_of(", \t"));
    text.remove_prefix(token.size());
    return std::string(token);
  }
  std::string value;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return value;
    }
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    value += text[i];
  }
  return std::nullopt;
}

std::string* member(DigestAnswer& answer, std::string_view name) {
  const std::array<std::pair<std::string_view, std::string*>, 9> members{{
      {"username", &answer.username},
      {"realm", &answer.realm},
      {"nonce", &answer.nonce},
      {"uri", &answer.uri},
      {"response", &answer.response},
      {"algorithm", &answer.algorithm},
      {"qop", &answer.qop},
      {"nc", &answer.nc},
      {"cnonce", &answer.cnonce},
  }};
  const auto found = std::ranges::find_if(
      members, [&](const auto& entry) { return same_word(entry.first, name); });
  return found == members.end() ? nullptr : found->second;
}

std::optional<std::uint32_t> count_of(std::string_view nc) {
  std::uint32_t count = 0;
  if (nc.size() != 8) return std::nullopt;
  const auto [end, error] = std::from_chars(nc.data(), nc.data() + nc.size(), count, 16);
  if (error != std::errc() || end != nc.data() + nc.size()) return std::nullopt;
  return count;
}

}  // namespace

std::optional<DigestAnswer> parse_digest(std::string_view authorization) {
  constexpr std::string_view kScheme = "digest ";
  if (!same_word(authorization.substr(0, kScheme.size()), kScheme)) return std::nullopt;
  DigestAnswer answer;
  std::string_view rest = trimmed_left(authorization.substr(kScheme.size()));
  while (!rest.empty()) {
    const std::size_t equals = rest.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string_view name = rest.substr(0, equals);
    rest.remove_prefix(equals + 1);
    auto value = take_value(rest);
    if (!value) return std::nullopt;
    if (std::string* const wanted = member(answer, name)) *wanted = std::move(*value);
    rest = trimmed_left(rest);
  }
  return answer;
}

std::string digest_response(HashAlgorithm algorithm, const DigestAnswer& answer,
                            std::string_view password, std::string_view method) {
  const std::string who = hash_hex(algorithm, {answer.username, answer.realm, password});
  const std::string what = hash_hex(algorithm, {method, answer.uri});
  if (answer.qop.empty()) return hash_hex(algorithm, {who, answer.nonce, what});
  return hash_hex(algorithm, {who, answer.nonce, answer.nc, answer.cnonce, answer.qop, what});
}

DigestGuard::DigestGuard(DigestSettings settings) : settings_(settings) {}

std::string DigestGuard::seal(std::string_view body) const {
  return hash_bytes(HashAlgorithm::sha256, {key_, body}).substr(0, kNonceSeal);
}

std::string DigestGuard::challenge(Outcome after, base::SteadyTime now) {
  std::string body(kNonceBody, '\0');
  const std::int64_t time = now.time_since_epoch().count();
  const std::uint32_t serial = serial_.fetch_add(1, std::memory_order_relaxed);
  std::memcpy(body.data(), &time, sizeof time);
  std::memcpy(body.data() + sizeof time, &serial, sizeof serial);
  const std::string nonce = base64(body + seal(body));
  return fmt::format(R"(Digest realm="{}", domain="", nonce="{}", algorithm={}, {}stale={})",
                     kRealm, nonce, name_of(settings_.algorithm),
                     settings_.qop == DigestQop::auth ? R"(qop="auth", )" : "",
                     after == Outcome::stale);
}

std::optional<base::SteadyTime> DigestGuard::issued(std::string_view nonce) const {
  const auto bytes = from_base64(nonce);
  if (!bytes || bytes->size() != kNonceBody + kNonceSeal) return std::nullopt;
  const std::string_view body = std::string_view(*bytes).substr(0, kNonceBody);
  if (seal(body) != std::string_view(*bytes).substr(kNonceBody)) return std::nullopt;
  std::int64_t time = 0;
  std::memcpy(&time, body.data(), sizeof time);
  return base::SteadyTime(std::chrono::nanoseconds(time));
}

bool DigestGuard::is_well_formed(const DigestAnswer& answer, std::string_view target) const {
  const bool algorithm_fits =
      same_word(answer.algorithm, name_of(settings_.algorithm)) ||
      (answer.algorithm.empty() && settings_.algorithm == HashAlgorithm::md5);
  const bool counted = answer.qop == "auth" && !answer.cnonce.empty() && count_of(answer.nc);
  const bool qop_fits = settings_.qop == DigestQop::auth ? counted : answer.qop.empty();
  return answer.realm == kRealm && answer.uri == target && algorithm_fits && qop_fits;
}

bool DigestGuard::count_rises(const DigestAnswer& answer, base::SteadyTime expires,
                              base::SteadyTime now) {
  const std::uint32_t count = count_of(answer.nc).value_or(0);
  Shard& shard = shards_[std::hash<std::string>{}(answer.nonce) % shards_.size()];
  const std::lock_guard lock(shard.mutex);
  if (shard.uses.size() >= shard.sweep_at) {
    std::erase_if(shard.uses, [&](const auto& use) { return use.second.expires < now; });
    shard.sweep_at = std::max<std::size_t>(1024, shard.uses.size() * 2);
  }
  Use& use = shard.uses.try_emplace(answer.nonce, Use{0, expires}).first->second;
  if (count <= use.count) return false;
  use.count = count;
  return true;
}

DigestGuard::Outcome DigestGuard::check(const DigestAnswer& answer, std::string_view method,
                                        std::string_view target, const base::Secret& password,
                                        base::SteadyTime now) {
  const auto since = issued(answer.nonce);
  if (!since || !is_well_formed(answer, target)) return Outcome::refused;
  const auto expected = digest_response(settings_.algorithm, answer, password.reveal(), method);
  if (!same_word(expected, answer.response)) return Outcome::refused;
  const base::SteadyTime expires = *since + settings_.nonce_life;
  if (now >= expires) return Outcome::stale;
  if (settings_.qop == DigestQop::none) return Outcome::accepted;
  return count_rises(answer, expires, now) ? Outcome::accepted : Outcome::refused;
}

}  // namespace aka::simulator
