// One token for all threads. Entry point: TokenCache::acquire(). A fetch is a flight: its thread
// holds no lock meanwhile, and those who need its outcome poll(2) the flight's end beside their own
// stop, since a condition variable could not hear the latter.
#include "atlas/auth/token_cache.h"

#include <algorithm>
#include <poll.h>
#include <utility>

namespace aka::atlas {

/// A fetch under way; `landed` is requested at its end.
struct TokenCache::Flight {
  base::StopSignal landed;
};

namespace {

using namespace std::chrono_literals;
using std::chrono::seconds;

constexpr seconds kLongestPause = 60s;
constexpr seconds kPauseOfBadSecret = 60s;
constexpr seconds kPauseOfThrottled = 10s;

constexpr seconds kAgeOfUnaccepted = 60s;  // younger ones that were never accepted stay refused
constexpr seconds kFirstAge = 60s;         // between replacements, doubled up to the next
constexpr seconds kMostAge = 960s;
constexpr std::chrono::minutes kLongLife = 30min;  // a token this old earns a fresh start

enum class Waited { landed, stopped, timed_out };

Waited wait_for(const base::StopSignal& landed, const Line& line) {
  while (true) {
    const auto left = line.until().deadline - std::chrono::steady_clock::now();
    const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    pollfd fds[] = {{line.until().stop.descriptor(), POLLIN, 0}, {landed.descriptor(), POLLIN, 0}};
    ::poll(fds, 2, static_cast<int>(std::clamp<long long>(milliseconds, 0, 1 << 30)));
    if (line.until().stop.requested()) return Waited::stopped;
    if (landed.requested()) return Waited::landed;
    if (milliseconds <= 0) return Waited::timed_out;
  }
}

NoToken stopped() { return {true, {}}; }

NoToken timed_out() {
  return {false,
          {{model::State::error, model::Reason::timeout,
            "cannot get an access token: the token endpoint did not answer before the deadline"},
           0,
           {}}};
}

}  // namespace

TokenCache::TokenCache(std::string client_id, base::Secret secret)
    : client_id_(std::move(client_id)),
      client_(std::make_shared<const TokenClient>(TokenClient{client_id_, std::move(secret)})) {}

tl::expected<SharedToken, NoToken> TokenCache::acquire(Line& line) {
  std::unique_lock lock(mutex_);
  while (true) {
    const base::SteadyTime now = line.clock().steady();
    const bool living = token_ && now < token_->expires_at;
    const bool paused = now < paused_until_;
    if (living && (now < token_->renew_at || paused || flight_)) return token_;
    if (paused && last_refusal_) return tl::unexpected(NoToken{false, *last_refusal_});
    if (!flight_) return fetch(line, lock);
    const auto flight = flight_;
    lock.unlock();
    const Waited waited = wait_for(flight->landed, line);
    if (waited == Waited::stopped) return tl::unexpected(stopped());
    if (waited == Waited::timed_out) return tl::unexpected(timed_out());
    lock.lock();
  }
}

tl::expected<SharedToken, NoToken> TokenCache::fetch(Line& line,
                                                     std::unique_lock<std::mutex>& lock) {
  const auto flight = std::make_shared<Flight>();
  flight_ = flight;
  const auto client = client_;
  lock.unlock();
  auto fetched = fetch_token(*client, line);
  lock.lock();
  flight_.reset();
  flight->landed.request();
  if (fetched) {
    token_ = std::make_shared<const Token>(std::move(*fetched));
    token_accepted_ = false;
    last_refusal_.reset();
    refusals_ = 0;
    return token_;
  }
  if (fetched.error().stopped) return tl::unexpected(stopped());
  const base::SteadyTime now = line.clock().steady();
  if (client == client_) pause(fetched.error().refusal, now);
  if (token_ && now < token_->expires_at) return token_;
  return tl::unexpected(std::move(fetched.error()));
}

void TokenCache::pause(const Refusal& refusal, base::SteadyTime now) {
  std::chrono::milliseconds length =
      std::min(kLongestPause, seconds(1LL << std::min(refusals_, 6)));
  if (refusal.failure.reason == model::Reason::bad_credentials) length = kPauseOfBadSecret;
  if (refusal.failure.reason == model::Reason::throttled) {
    length = std::max<std::chrono::milliseconds>(length, kPauseOfThrottled);
  }
  if (refusal.retry_after) length = std::max(length, *refusal.retry_after);
  paused_until_ = now + length;
  last_refusal_ = refusal;
  ++refusals_;
}

void TokenCache::accepted(const SharedToken& token) {
  const std::lock_guard lock(mutex_);
  if (token == token_) token_accepted_ = true;
}

bool TokenCache::replace(const SharedToken& token, base::SteadyTime now) {
  const std::lock_guard lock(mutex_);
  if (token != token_) return true;  // somebody was faster
  const auto age = now - token->fetched;
  if (age < least_age_to_replace_ || (!token_accepted_ && age < kAgeOfUnaccepted)) return false;
  least_age_to_replace_ =
      age >= kLongLife ? kFirstAge : std::clamp(2 * least_age_to_replace_, kFirstAge, kMostAge);
  token_.reset();
  return true;
}

void TokenCache::set_secret(base::Secret secret) {
  const std::lock_guard lock(mutex_);
  if (secret == client_->secret) return;
  client_ = std::make_shared<const TokenClient>(TokenClient{client_id_, std::move(secret)});
  paused_until_ = {};
  last_refusal_.reset();
  refusals_ = 0;
  least_age_to_replace_ = seconds(0);
}

base::Secret TokenCache::secret() const {
  const std::lock_guard lock(mutex_);
  return client_->secret;
}

void TokenCache::revoke(Line& line) {
  std::unique_lock lock(mutex_);
  const SharedToken token = std::exchange(token_, nullptr);
  const auto client = client_;
  lock.unlock();
  if (token && line.clock().steady() < token->expires_at) revoke_token(*client, *token, line);
}

}  // namespace aka::atlas
