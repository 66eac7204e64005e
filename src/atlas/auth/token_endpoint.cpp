// The two requests of a service account's login. Entry points: fetch_token(), revoke_token(). The
// id and secret go into the Authorization header as raw bytes: the form encoding that RFC 6749
// prescribes turns `_` into `%5F`, which this service refuses.
#include "atlas/auth/token_endpoint.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "atlas/classify.h"
#include "atlas/error_body.h"
#include "atlas/json_reader.h"
#include "atlas/rate_facts.h"
#include "http/message.h"

namespace aka::atlas {
namespace {

using model::Failure;
using model::Reason;
using model::State;
using std::chrono::seconds;

constexpr std::size_t kLongestToken = 8192;
constexpr seconds kLongestLife = std::chrono::hours(24);
constexpr seconds kLifeUnlessTold = std::chrono::minutes(5);
constexpr seconds kEarliestRenewal = std::chrono::minutes(10);

std::string base64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');  // OpenSSL ends it with a zero byte
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::string form_encoded(std::string_view text) {
  std::string result;
  for (const char symbol : text) {
    const bool plain = (symbol >= '0' && symbol <= '9') || (symbol >= 'a' && symbol <= 'z') ||
                       (symbol >= 'A' && symbol <= 'Z') || symbol == '-' || symbol == '.' ||
                       symbol == '_' || symbol == '~';
    result +=
        plain ? std::string(1, symbol) : fmt::format("%{:02X}", static_cast<unsigned char>(symbol));
  }
  return result;
}

http::Request make_request(const TokenClient& client, std::string target, std::string body) {
  const base::Secret pair(fmt::format("{}:{}", client.id, client.secret.reveal()));
  http::Request request;
  request.method = "POST";
  request.target = std::move(target);
  request.headers = {{"Accept", "application/json"},
                     {"Authorization", "Basic " + base64(pair.reveal())}};
  request.content_type = "application/x-www-form-urlencoded";
  request.body = std::move(body);
  request.body_limit = 65536;
  return request;
}

class TokenVisitor : public JsonVisitor {
 public:
  bool open(std::string_view, JsonContainer) override { return ++depth_ > 0; }
  bool close() override { return --depth_ >= 0; }

  bool scalar(std::string_view name, const JsonScalar& value) override {
    if (depth_ != 1) return true;
    if (name == "access_token") text = base::Secret(std::string(value.text));
    if (name == "token_type") type = value.text;
    if (name != "expires_in") return true;
    life = seconds(std::min<std::int64_t>(value.integer, kLongestLife.count()));
    return value.kind == JsonScalar::Kind::integer;
  }

  base::Secret text;
  std::string type = "Bearer";
  seconds life = kLifeUnlessTold;

 private:
  int depth_ = 0;
};

/// RFC 6750, section 2.1. Anything else could break out of the header it is put into.
bool is_token(std::string_view text) {
  constexpr std::string_view kOthers = "-._~+/=";
  const auto allowed = [&](char symbol) {
    return (symbol >= '0' && symbol <= '9') || (symbol >= 'a' && symbol <= 'z') ||
           (symbol >= 'A' && symbol <= 'Z') || kOthers.find(symbol) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= kLongestToken && std::ranges::all_of(text, allowed);
}

NoToken no_token(Failure failure, int status, std::optional<base::Duration> retry_after = {}) {
  failure.message = "cannot get an access token: " + failure.message;
  return {false, {std::move(failure), status, retry_after}};
}

NoToken unreadable(int status, std::string_view problem) {
  return no_token(
      {State::error, Reason::invalid_body,
       fmt::format("the answer of the token endpoint {}; check atlas.base_url", problem)},
      status);
}

tl::expected<Token, NoToken> read_token(const http::Answer& answer, base::SteadyTime asked) {
  TokenVisitor found;
  if (const auto problem = read_json(answer.body, found)) {
    return tl::unexpected(unreadable(answer.status, *problem));
  }
  if (!is_token(found.text.reveal()) || !http::equal_ignoring_case(found.type, "Bearer")) {
    return tl::unexpected(unreadable(answer.status, "holds no bearer token"));
  }
  if (found.life <= seconds::zero()) {
    return tl::unexpected(unreadable(answer.status, "holds a token that has expired already"));
  }
  const base::SteadyTime expires_at = asked + found.life;
  const auto margin = std::min<std::chrono::nanoseconds>(kEarliestRenewal,
                                                         std::chrono::nanoseconds(found.life) / 4);
  return Token{std::move(found.text), asked, expires_at - margin, expires_at};
}

Failure refused(int status, const ErrorBody& error) {
  if (status == 401 || error.oauth_error == "invalid_client") {
    return {State::unauthorized, Reason::bad_credentials,
            fmt::format("the service refused the service account{}: check client_id and the "
                        "secret, which may have expired, and that the account still exists",
                        quote_answer(status, error))};
  }
  if (status == 429) {
    return {State::rate_limited, Reason::throttled,
            fmt::format("the token endpoint is asked too often{}: it is left alone for a while; "
                        "other programs behind this address share its limit",
                        quote_answer(status, error))};
  }
  if (status == 403 || status == 402) {
    return {State::forbidden, Reason::denied,
            fmt::format("the token endpoint denies access{}: a service account may hold 100 live "
                        "tokens; those of programs that crashed expire within an hour",
                        quote_answer(status, error))};
  }
  if (status >= 500 && status < 600) {
    return {
        State::error, Reason::http_5xx,
        fmt::format("the token endpoint failed{}: it should pass", quote_answer(status, error))};
  }
  return {State::error, Reason::bad_request,
          fmt::format("the token endpoint did not accept the request{}: check atlas.base_url, and "
                      "that this service knows service accounts; redirects are not followed",
                      quote_answer(status, error))};
}

}  // namespace

tl::expected<Token, NoToken> fetch_token(const TokenClient& client, Line& line) {
  const base::SteadyTime asked = line.clock().steady();
  const auto exchange = line.send_aside(
      make_request(client, line.base_path() + "/api/oauth/token", "grant_type=client_credentials"));
  if (!exchange) {
    NoToken failed = no_token(classify_failure(exchange.error()), exchange.error().status);
    failed.stopped = exchange.error().failure == http::Failure::stopped;
    return tl::unexpected(std::move(failed));
  }
  const int status = exchange->status;
  if (status == 200) return read_token(*exchange, asked);
  if (status < 300) return tl::unexpected(unreadable(status, fmt::format("has status {}", status)));
  return tl::unexpected(no_token(refused(status, read_error(*exchange)), status,
                                 read_rate_facts(*exchange, line.clock().wall()).retry_after));
}

void revoke_token(const TokenClient& client, const Token& token, Line& line) {
  const std::string form =
      fmt::format("token={}&token_type_hint=access_token", form_encoded(token.text.reveal()));
  // An answer could change nothing: the program ends, and the token expires within the hour.
  static_cast<void>(
      line.send_aside(make_request(client, line.base_path() + "/api/oauth/revoke", form)));
}

}  // namespace aka::atlas
