// OAuth2 client credentials as the service grants them. Entry points: TokenOffice::issue(),
// revoke() and holder(). Errors have the shape of RFC 6749, but for the rate limit, which has the
// API's.
#include "simulator/oauth.h"

#include <algorithm>

#include <fmt/format.h>

#include "simulator/api_error.h"
#include "simulator/crypto.h"

namespace aka::simulator {
namespace {

web::Response oauth_error(int status, std::string_view error, std::string_view description) {
  web::Response answer;
  answer.status = status;
  answer.content_type = "application/json";
  answer.body = fmt::format(R"({{"error_description":"{}","error":"{}"}})", description, error);
  return answer;
}

web::Response invalid_client() {
  return oauth_error(401, "invalid_client", "Invalid credentials provided.");
}

/// What is wrong with the form of a request, if anything is.
std::optional<web::Response> malformed(const web::Request& request) {
  if (request.method != "POST")
    return error_answer(known_error("METHOD_NOT_ALLOWED", request.method));
  if (!request.header("Content-Type").starts_with("application/x-www-form-urlencoded")) {
    return oauth_error(400, "invalid_request", "The body must be form-urlencoded.");
  }
  return std::nullopt;
}

std::string form_value(const web::Request& request, std::string_view name) {
  web::Request form;
  form.query = request.body;  // a form is written like a query
  return form.parameter(name);
}

web::Response too_many(int per_minute) {
  return error_answer(
      {429,
       "RATE_LIMITED",
       fmt::format("Resource /api/oauth/token is limited to {} requests every 1 minutes.",
                   per_minute),
       {R"("/api/oauth/token")", std::to_string(per_minute), "1"}});
}

}  // namespace

TokenOffice::TokenOffice(const World& world, Stats& stats, OAuthSettings settings)
    : world_(world), stats_(stats), settings_(settings) {}

std::optional<Caller> TokenOffice::authenticated(const web::Request& request) const {
  constexpr std::string_view kScheme = "Basic ";
  const std::string_view header = request.header("Authorization");
  if (!header.starts_with(kScheme)) return std::nullopt;
  const auto pair = from_base64(header.substr(kScheme.size()));
  if (!pair) return std::nullopt;
  const std::size_t colon = pair->find(':');
  if (colon == std::string::npos) return std::nullopt;
  auto caller = world_.account(pair->substr(0, colon));
  if (!caller || !(caller->account->client_secret == base::Secret(pair->substr(colon + 1)))) {
    return std::nullopt;
  }
  return caller;
}

bool TokenOffice::within_rate(const std::string& client_id, base::SteadyTime now) {
  const RateLimit limit{settings_.requests_per_minute, settings_.requests_per_minute};
  const std::unique_lock lock(mutex_);
  return rates_.try_emplace(client_id, limit).first->second.take(now).granted;
}

std::optional<std::string> TokenOffice::make_token(const std::string& client_id,
                                                   base::SteadyTime now) {
  // It looks like a JWT, so that clients cannot rely on less; nobody verifies it.
  const std::string claims =
      fmt::format(R"({{"sub":"{}","jti":{}}})", client_id, serial_.fetch_add(1));
  std::string token = base64_url(R"({"alg":"ES512","typ":"JWT"})") + "." + base64_url(claims) +
                      "." + base64_url(random_bytes(32));
  const std::unique_lock lock(mutex_);
  std::erase_if(tokens_, [&](const auto& entry) { return entry.second.expires <= now; });
  const auto active = std::ranges::count_if(
      tokens_, [&](const auto& entry) { return entry.second.client_id == client_id; });
  if (static_cast<std::size_t>(active) >= settings_.active_tokens) return std::nullopt;
  tokens_.emplace(token, Token{client_id, now + settings_.token_life});
  return token;
}

web::Response TokenOffice::issue(const web::Request& request, base::SteadyTime now) {
  if (auto complaint = malformed(request)) return *complaint;
  const auto caller = authenticated(request);
  if (!caller) return invalid_client();
  const std::string& client_id = caller->account->client_id;
  if (!within_rate(client_id, now)) return too_many(settings_.requests_per_minute);
  const std::string grant = form_value(request, "grant_type");
  if (grant.empty()) return oauth_error(400, "invalid_request", "grant_type is missing.");
  if (grant != "client_credentials") {
    return oauth_error(400, "unsupported_grant_type", "Only client_credentials is supported.");
  }
  const auto token = make_token(client_id, now);
  if (!token) {
    return oauth_error(403, "access_denied", "Access Token limit reached for this client.");
  }
  stats_.tokens_issued.fetch_add(1, std::memory_order_relaxed);
  web::Response answer;
  answer.content_type = "application/json";
  answer.headers.emplace_back("Cache-Control", "no-store");
  answer.body =
      fmt::format(R"({{"access_token":"{}","expires_in":{},"token_type":"Bearer"}})", *token,
                  std::chrono::duration_cast<std::chrono::seconds>(settings_.token_life).count());
  return answer;
}

web::Response TokenOffice::revoke(const web::Request& request) {
  if (auto complaint = malformed(request)) return *complaint;
  const auto caller = authenticated(request);
  if (!caller) return invalid_client();
  const std::unique_lock lock(mutex_);
  const auto found = tokens_.find(form_value(request, "token"));
  // RFC 7009: a token that is not there is as good as revoked.
  if (found != tokens_.end() && found->second.client_id == caller->account->client_id) {
    tokens_.erase(found);
    stats_.tokens_revoked.fetch_add(1, std::memory_order_relaxed);
  }
  return {};
}

std::optional<std::string> TokenOffice::holder(std::string_view token, base::SteadyTime now) const {
  const std::shared_lock lock(mutex_);
  const auto found = tokens_.find(std::string(token));
  if (found == tokens_.end() || found->second.expires <= now) return std::nullopt;
  return found->second.client_id;
}

}  // namespace aka::simulator
