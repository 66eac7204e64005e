// HTTP Digest with an API key. Entry point: parse_digest(), registered in auth_table.cpp. The
// challenge is kept and its nonce used again with a higher count, so that a poll takes one round
// trip while the nonce lives. When it dies, the 401 brings the next one, which is answered once; a
// nonce that was issued a moment ago and is refused means that the credential is wrong.
#include <algorithm>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "atlas/auth/authenticator.h"
#include "atlas/auth/digest_answer.h"
#include "atlas/auth/digest_challenge.h"
#include "atlas/error_body.h"
#include "base/diagnostics.h"
#include "base/redaction.h"
#include "base/secret_source.h"
#include "base/section.h"
#include "model/ids.h"

namespace aka::atlas {

std::shared_ptr<Credential> parse_digest(const base::Section& section, std::string_view name,
                                         base::Diagnostics& diagnostics);

namespace {

constexpr int kMostRequests = 3;  // the kept nonce, a new one, and one more if that is stale too

class DigestAuthenticator;

class DigestCredential : public Credential, public std::enable_shared_from_this<DigestCredential> {
 public:
  DigestCredential(std::string public_key, base::SecretSource source, base::Secret private_key)
      : source_(std::move(source)),
        follower_(source_),
        identity_(std::make_shared<const DigestIdentity>(
            DigestIdentity{std::move(public_key), std::move(private_key)})) {}

  std::unique_ptr<Authenticator> authenticator() override;

  base::Result<void> reload() override {
    auto secret = source_.read();
    if (!secret) return tl::unexpected(std::move(secret.error()));
    take(std::move(*secret));
    return {};
  }

  base::Result<bool> follow() override {
    auto secret = follower_.look(identity()->password);
    if (!secret) return tl::unexpected(std::move(secret.error()));
    if (*secret) take(std::move(**secret));
    return secret->has_value();
  }

  bool same_as(const Credential& other) const override {
    const auto* const digest = dynamic_cast<const DigestCredential*>(&other);
    return digest != nullptr && digest->source_ == source_ &&
           digest->identity()->username == identity()->username;
  }

  std::string public_key() const override { return identity()->username; }

  void revoke(Line&) override {}  // the service keeps nothing for a digest

  std::shared_ptr<const DigestIdentity> identity() const {
    const std::lock_guard lock(mutex_);
    return identity_;
  }

  const base::SecretSource& source() const { return source_; }

 private:
  void take(base::Secret secret) {
    auto fresh = std::make_shared<const DigestIdentity>(
        DigestIdentity{identity()->username, std::move(secret)});
    const std::lock_guard lock(mutex_);
    identity_ = std::move(fresh);
  }

  const base::SecretSource source_;
  base::SecretFollower follower_;

  mutable std::mutex mutex_;  // guards identity_
  std::shared_ptr<const DigestIdentity> identity_;
};

/// A challenge in use.
struct Session {
  DigestChallenge challenge;
  std::string cnonce;
  std::uint32_t count = 0;                                   // how often its nonce was used
  std::shared_ptr<const DigestIdentity> identity = nullptr;  // who answered it last
  std::optional<DigestAnswerer> answerer = std::nullopt;     // in whose name
};

class DigestAuthenticator : public Authenticator {
 public:
  explicit DigestAuthenticator(std::shared_ptr<const DigestCredential> credential)
      : credential_(std::move(credential)) {}

  tl::expected<Reply, Refusal> perform(http::Request request, Line& line) override {
    bool fresh = false;  // the nonce in use was issued during this poll
    for (int attempt = 1;; ++attempt) {
      const bool proven = session_.has_value();
      auto exchange = send(request, line);
      if (!exchange) return tl::unexpected(refuse(exchange.error()));
      if (!*exchange || (*exchange)->status != 401) {
        if (*exchange) follow_next_nonce(**exchange);
        return Reply{std::move(*exchange), {}};
      }
      const http::Answer& answer = **exchange;
      auto challenge = choose_digest(answer.all_headers("WWW-Authenticate"));
      const bool stale = challenge && challenge->stale;
      // With an error code of its own the service knew us, and the nonce lives.
      if (proven && !stale && !is_unauthenticated(answer)) return Reply{std::move(*exchange), {}};
      const bool refused = proven && !stale && (fresh || !is_new(challenge));
      if (!challenge || refused || attempt == kMostRequests) {
        session_.reset();
        std::string note = explain(answer, proven, challenge.has_value());
        return Reply{std::move(*exchange), std::move(note)};
      }
      auto cnonce = make_cnonce();
      if (!cnonce) return tl::unexpected(refuse(cnonce.error()));
      session_ = Session{std::move(*challenge), std::move(*cnonce)};
      fresh = true;
    }
  }

 private:
  /// Sends it with an answer to the challenge, if there is one; without, it fetches one.
  base::Result<http::Exchange> send(http::Request& request, Line& line) {
    if (!session_) return line.send(request);
    auto proof = prove(request);
    if (!proof) return tl::unexpected(std::move(proof.error()));
    request.headers.emplace_back("Authorization", std::move(*proof));
    // A server that read the request before it closed the connection refuses the same count again.
    request.renewed_headers = [this, &request] {
      http::HeaderList headers = request.headers;
      if (auto another = prove(request)) headers.back().second = std::move(*another);
      return headers;
    };
    auto exchange = line.send(request);
    request.headers.pop_back();
    request.renewed_headers = nullptr;
    return exchange;
  }

  /// The value of its Authorization header, with one more use of the nonce.
  base::Result<std::string> prove(const http::Request& request) {
    auto identity = credential_->identity();
    if (session_->identity != identity) {
      session_->answerer.emplace(session_->challenge, *identity, session_->cnonce);
      session_->identity = std::move(identity);
    }
    return session_->answerer->answer({request.method, request.target, ++session_->count});
  }

  bool is_new(const std::optional<DigestChallenge>& challenge) const {
    return challenge && session_ && challenge->nonce != session_->challenge.nonce;
  }

  void follow_next_nonce(const http::Answer& answer) {
    const std::string* const header = answer.header("Authentication-Info");
    if (header == nullptr || !session_) return;
    const auto parameters = parse_parameters(*header);
    const auto next = std::ranges::find(parameters, "nextnonce",
                                        [](const auto& parameter) { return parameter.first; });
    if (next == parameters.end() || next->second.empty()) return;
    auto cnonce = make_cnonce();
    if (!cnonce) return;  // the present nonce serves as well
    session_->challenge.nonce = next->second;
    session_ = Session{std::move(session_->challenge), std::move(*cnonce)};
  }

  Refusal refuse(const base::Error& error) {
    session_.reset();
    return {{model::State::unauthorized, model::Reason::bad_credentials, error.message}, 401, {}};
  }

  std::string explain(const http::Answer& answer, bool proven, bool challenged) const {
    if (proven || challenged) {
      return fmt::format(
          "check public_key, the private key in {}, and that this API key still "
          "exists in the organization",
          base::shown(credential_->source().place));
    }
    const std::string offer = describe_offer(answer.all_headers("WWW-Authenticate"));
    return fmt::format("it offers no digest login that can be answered ({}); check atlas.base_url",
                       offer.empty() ? "it names no method" : "it offers " + offer);
  }

  const std::shared_ptr<const DigestCredential> credential_;
  std::optional<Session> session_;
};

std::unique_ptr<Authenticator> DigestCredential::authenticator() {
  return std::make_unique<DigestAuthenticator>(shared_from_this());
}

bool is_public_key(std::string_view text) {
  return text.size() == 8 &&
         std::ranges::all_of(text, [](char symbol) { return symbol >= 'a' && symbol <= 'z'; });
}

std::optional<std::string> read_public_key(base::Fields& fields) {
  auto text = fields.text("public_key");
  if (!text) {
    if (!fields.has_key("public_key")) fields.missing("public_key", "the 8 letters of the API key");
    return std::nullopt;
  }
  if (is_public_key(*text)) return text;
  const base::Mark& mark = fields.mark_of("public_key");
  std::string hint;
  if (base::looks_secret(*text)) {
    hint =
        "this looks like the private key, which belongs into a file (private_key_file); a "
        "private key that was written here should be replaced";
  } else if (model::KeyId::parse(*text)) {
    hint = fmt::format("'{}' is the id of a key; its public key stands beside it in Atlas", *text);
  } else {
    hint = fmt::format("'{}' is not", base::shown(*text));
  }
  fields.diagnostics().error(
      mark,
      fmt::format("'public_key' of {} must be 8 lower-case letters; {}", fields.what(), hint));
  return std::nullopt;
}

}  // namespace

std::shared_ptr<Credential> parse_digest(const base::Section& section, std::string_view name,
                                         base::Diagnostics& diagnostics) {
  base::Fields fields(section, fmt::format("the digest login of credential '{}'", name),
                      diagnostics);
  auto public_key = read_public_key(fields);
  auto source = base::secret_field(fields, "private_key", base::Need::required);
  fields.finish();
  auto secret = source ? base::read_secret(*source, diagnostics) : std::nullopt;
  if (!public_key || !secret) return nullptr;
  return std::make_shared<DigestCredential>(std::move(*public_key), std::move(*source),
                                            std::move(*secret));
}

}  // namespace aka::atlas
