// Service accounts: OAuth 2.0 client credentials. Entry point: parse_service_account(), registered
// in auth_table.cpp. Every request carries the shared token; one that is refused is replaced once
// and the request repeated.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "atlas/auth/authenticator.h"
#include "atlas/auth/token_cache.h"
#include "atlas/error_body.h"
#include "base/diagnostics.h"
#include "base/redaction.h"
#include "base/secret_source.h"
#include "base/section.h"

namespace aka::atlas {

std::shared_ptr<Credential> parse_service_account(const base::Section& section,
                                                  std::string_view name,
                                                  base::Diagnostics& diagnostics);

namespace {

class TokenAuthenticator : public Authenticator {
 public:
  explicit TokenAuthenticator(std::shared_ptr<TokenCache> tokens) : tokens_(std::move(tokens)) {}

  tl::expected<Reply, Refusal> perform(http::Request request, Line& line) override {
    auto first = attempt(request, line);
    if (!first || !first->refused) return finish(std::move(first));
    if (!tokens_->replace(first->refused, line.clock().steady())) return finish(std::move(first));
    return finish(attempt(request, line));
  }

 private:
  struct Attempt {
    http::Exchange exchange;
    SharedToken refused;  // the token, if the answer refuses it
  };

  tl::expected<Attempt, Refusal> attempt(const http::Request& request, Line& line) {
    auto token = tokens_->acquire(line);
    if (!token && token.error().stopped) {
      return Attempt{tl::unexpected(http::TransportError{http::Failure::stopped, 0, "stopped"}),
                     nullptr};
    }
    if (!token) return tl::unexpected(std::move(token.error().refusal));
    http::Request proven = request;
    proven.headers.emplace_back("Authorization", fmt::format("Bearer {}", (*token)->text.reveal()));
    auto exchange = line.send(proven);
    const bool refused = exchange && is_unauthenticated(*exchange);
    if (exchange && !refused) tokens_->accepted(*token);
    return Attempt{std::move(exchange), refused ? std::move(*token) : nullptr};
  }

  static tl::expected<Reply, Refusal> finish(tl::expected<Attempt, Refusal> attempt) {
    if (!attempt) return tl::unexpected(std::move(attempt.error()));
    const bool refused = attempt->refused != nullptr;
    return Reply{std::move(attempt->exchange),
                 refused
                     ? "it refuses access tokens that it gave out a short while ago; check that "
                       "the service account still exists and belongs to this organization"
                     : ""};
  }

  const std::shared_ptr<TokenCache> tokens_;
};

class ServiceAccount : public Credential {
 public:
  ServiceAccount(std::string client_id, base::SecretSource source, base::Secret secret)
      : source_(std::move(source)),
        follower_(source_),
        tokens_(std::make_shared<TokenCache>(std::move(client_id), std::move(secret))) {}

  std::unique_ptr<Authenticator> authenticator() override {
    return std::make_unique<TokenAuthenticator>(tokens_);
  }

  base::Result<void> reload() override {
    auto secret = source_.read();
    if (!secret) return tl::unexpected(std::move(secret.error()));
    tokens_->set_secret(std::move(*secret));
    return {};
  }

  base::Result<bool> follow() override {
    auto secret = follower_.look(tokens_->secret());
    if (!secret) return tl::unexpected(std::move(secret.error()));
    if (*secret) tokens_->set_secret(std::move(**secret));
    return secret->has_value();
  }

  bool same_as(const Credential& other) const override {
    const auto* const account = dynamic_cast<const ServiceAccount*>(&other);
    return account != nullptr && account->source_ == source_ &&
           account->tokens_->client_id() == tokens_->client_id();
  }

  std::string public_key() const override { return {}; }

  void revoke(Line& line) override { tokens_->revoke(line); }

 private:
  const base::SecretSource source_;
  base::SecretFollower follower_;
  const std::shared_ptr<TokenCache> tokens_;
};

bool is_client_id(std::string_view text) {
  constexpr std::string_view kPrefix = "mdb_sa_id_";
  if (!text.starts_with(kPrefix) || text.size() != kPrefix.size() + 24) return false;
  return std::ranges::all_of(text.substr(kPrefix.size()), [](char symbol) {
    return (symbol >= '0' && symbol <= '9') || (symbol >= 'a' && symbol <= 'f') ||
           (symbol >= 'A' && symbol <= 'F');
  });
}

std::optional<std::string> read_client_id(base::Fields& fields) {
  auto text = fields.text("client_id");
  if (!text) {
    if (!fields.has_key("client_id")) {
      fields.missing("client_id", "mdb_sa_id_ and 24 hex digits, as Atlas shows it");
    }
    return std::nullopt;
  }
  if (is_client_id(*text)) return text;
  const std::string hint =
      base::looks_secret(*text)
          ? "this looks like the secret, which belongs into a file (client_secret_file); a secret "
            "that was written here should be replaced"
          : fmt::format("'{}' is not", base::shown(*text));
  fields.diagnostics().error(
      fields.mark_of("client_id"),
      fmt::format("'client_id' of {} must be mdb_sa_id_ and 24 hex digits; {}", fields.what(),
                  hint));
  return std::nullopt;
}

}  // namespace

std::shared_ptr<Credential> parse_service_account(const base::Section& section,
                                                  std::string_view name,
                                                  base::Diagnostics& diagnostics) {
  base::Fields fields(section, fmt::format("the service account of credential '{}'", name),
                      diagnostics);
  auto client_id = read_client_id(fields);
  auto source = base::secret_field(fields, "client_secret", base::Need::required);
  fields.finish();
  auto secret = source ? base::read_secret(*source, diagnostics) : std::nullopt;
  if (!client_id || !secret) return nullptr;
  return std::make_shared<ServiceAccount>(std::move(*client_id), std::move(*source),
                                          std::move(*secret));
}

}  // namespace aka::atlas
