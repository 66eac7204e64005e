// Passwords cost bcrypt's time, which is what an attacker would make us spend. Entries:
// parse_login() and BasicAuth::judge(). An unknown user takes as long as a known one, and the
// computations of all peers together are bounded in processor time, whatever a hash costs.
#include "web/basic_auth.h"

#include <algorithm>
#include <cctype>
#include <crypt.h>
#include <cstring>
#include <ctime>
#include <memory>
#include <utility>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

namespace aka::web {
namespace {

constexpr std::size_t kMostRemembered = 1000;
constexpr double kProcessorShare = 0.2;
constexpr double kProcessorSeconds = 2;  ///< that may be spent at once
constexpr double kAttempts = 10;         ///< of one host at once
constexpr double kAttemptsPerSecond = 0.5;
constexpr std::size_t kMostHosts = 1000;
/// More would only fill the listener's threads.
constexpr int kMostWaiting = 4;
/// Of nobody's password; used with the cost of a real one.
constexpr std::string_view kNobody = "$2b$10$WvZZIYmbS6rtGaqKr2iZTOo6XFEFEn5YpP3bLcY1R5D6hKkEwMeGi";

double processor_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// Hashes tell their cost at the same place, so the text compares as the number.
std::string nobodys_hash(const Users& users) {
  std::string hash(kNobody);
  const auto dearest = std::ranges::max_element(
      users, {}, [](const auto& user) { return std::string_view(user.second).substr(4, 2); });
  if (dearest != users.end()) hash.replace(4, 2, dearest->second, 4, 2);
  return hash;
}

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0 || text.empty()) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  const std::string_view letters = text.substr(0, text.size() - padding);
  const bool clean = std::ranges::all_of(letters, [](unsigned char symbol) {
    return std::isalnum(symbol) != 0 || symbol == '+' || symbol == '/';
  });
  if (!clean) return std::nullopt;
  std::string decoded(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(decoded.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  decoded.resize(decoded.size() - padding);
  return decoded;
}

}  // namespace

std::optional<Login> parse_login(std::string_view authorization) {
  constexpr std::string_view kScheme = "basic ";
  const bool basic = authorization.size() > kScheme.size() &&
                     std::ranges::equal(authorization.substr(0, kScheme.size()), kScheme, {},
                                        [](unsigned char symbol) { return std::tolower(symbol); });
  if (!basic) return std::nullopt;
  authorization.remove_prefix(
      std::min(authorization.find_first_not_of(' ', kScheme.size()), authorization.size()));
  auto text = decode_base64(authorization);
  if (!text) return std::nullopt;
  const base::Secret whole(*std::move(text));
  const std::string_view pair = whole.reveal();
  const auto colon = pair.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  return Login{std::string(pair.substr(0, colon)),
               base::Secret(std::string(pair.substr(colon + 1)))};
}

bool bcrypt_matches(const base::Secret& password, const std::string& hash) {
  // What comes after a zero byte would not count.
  if (password.reveal().find('\0') != std::string_view::npos) return false;
  const auto work = std::make_unique<crypt_data>();
  std::string text(password.reveal());
  const char* const computed = ::crypt_r(text.c_str(), hash.c_str(), work.get());
  const bool same = computed != nullptr && std::strlen(computed) == hash.size() &&
                    CRYPTO_memcmp(computed, hash.data(), hash.size()) == 0;
  OPENSSL_cleanse(text.data(), text.size());
  OPENSSL_cleanse(work.get(), sizeof *work);
  return same;
}

void BasicAuth::Memory::add(const Digest& digest) {
  if (!digests_.insert(digest).second) return;
  by_age_.push_back(digest);
  if (by_age_.size() <= capacity_) return;
  digests_.erase(by_age_.front());
  by_age_.pop_front();
}

BasicAuth::BasicAuth(const base::Clock& clock, Matches matches)
    : clock_(clock),
      matches_(std::move(matches)),
      granted_(kMostRemembered),
      refused_(kMostRemembered),
      seconds_{kProcessorSeconds, clock.steady()} {
  RAND_bytes(key_.data(), static_cast<int>(key_.size()));
}

BasicAuth::Verdict BasicAuth::judge(const Users& users, const Login& login,
                                    const std::string& host) {
  const auto user = users.find(login.user);
  const std::string hash = user != users.end() ? user->second : nobodys_hash(users);
  const Digest digest = digest_of(login, hash);
  {
    const std::scoped_lock lock(mutex_);
    if (const auto known = recall(digest)) return *known;
    if (waiting_ >= kMostWaiting || !may_compute(host)) return Verdict::busy;
    ++waiting_;
  }
  const std::scoped_lock turn(computing_);
  {
    const std::scoped_lock lock(mutex_);
    --waiting_;
    // While this one waited, another may have computed the same, or spent what was left.
    if (const auto known = recall(digest)) return *known;
    if (!may_compute(host)) return Verdict::busy;
  }
  const double begin = processor_seconds();
  const bool matched = matches_(login.password, hash) && user != users.end();
  const std::scoped_lock lock(mutex_);
  charge(host, matched, processor_seconds() - begin);
  (matched ? granted_ : refused_).add(digest);
  return matched ? Verdict::granted : Verdict::refused;
}

/// Of name, hash and password, each with its length, so that no two logins share one.
BasicAuth::Digest BasicAuth::digest_of(const Login& login, const std::string& hash) const {
  std::string text = std::to_string(login.user.size()) + ':' + login.user + hash;
  text += login.password.reveal();
  Digest digest{};
  HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), nullptr);
  OPENSSL_cleanse(text.data(), text.size());
  return digest;
}

std::optional<BasicAuth::Verdict> BasicAuth::recall(const Digest& digest) const {
  if (granted_.holds(digest)) return Verdict::granted;
  if (refused_.holds(digest)) return Verdict::refused;
  return std::nullopt;
}

bool BasicAuth::may_compute(const std::string& host) {
  const base::SteadyTime now = clock_.steady();
  const auto fill = [now](Bucket& bucket, double per_second, double most) {
    const std::chrono::duration<double> passed = now - bucket.filled;
    bucket = {std::min(most, bucket.level + passed.count() * per_second), now};
  };
  fill(seconds_, kProcessorShare, kProcessorSeconds);
  const auto attempts = attempts_.find(host);
  if (attempts != attempts_.end()) fill(attempts->second, kAttemptsPerSecond, kAttempts);
  return seconds_.level > 0 && (attempts == attempts_.end() || attempts->second.level >= 1);
}

void BasicAuth::charge(const std::string& host, bool matched, double seconds) {
  seconds_.level -= seconds;
  if (matched) return;
  if (attempts_.size() >= kMostHosts && !attempts_.contains(host)) {
    attempts_.erase(std::ranges::min_element(
        attempts_, {}, [](const auto& entry) { return entry.second.filled; }));
  }
  auto& bucket = attempts_.try_emplace(host, Bucket{kAttempts, clock_.steady()}).first->second;
  bucket.level -= 1;
}

}  // namespace aka::web
