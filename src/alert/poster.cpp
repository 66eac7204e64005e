// A request to a receiver of alerts. Entry point: Poster::post(). All that a receiver or the
// network says goes through Poster's hands before it becomes a message, so that no secret gets into
// one.
#include "alert/poster.h"

#include <algorithm>
#include <sys/stat.h>
#include <utility>

#include <fmt/format.h>

#include "alert/crypto.h"
#include "alert/retry.h"
#include "alert/sink_factory.h"
#include "base/redaction.h"
#include "http/connection.h"

namespace aka::alert {
namespace {

tl::unexpected<Refusal> refuse(RefusalKind kind, std::string message) {
  return tl::unexpected(Refusal{kind, std::move(message), std::nullopt});
}

bool holds_any(std::string_view text, const std::vector<base::Secret>& secrets) {
  return std::ranges::any_of(secrets, [&](const base::Secret& secret) {
    return !secret.empty() && text.find(secret.reveal()) != std::string_view::npos;
  });
}

/// The beginning of what the receiver says to its refusal, unless it repeats a secret of ours.
std::string said_in(const std::string& body, const std::vector<base::Secret>& hidden) {
  std::string_view text = body;
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  if (text.empty() || holds_any(body, hidden)) return "";
  return fmt::format(" (it says: {})", base::shown(text));
}

std::string without(std::string text, const std::vector<base::Secret>& hidden) {
  for (const base::Secret& secret : hidden) {
    const std::string_view value = secret.reveal();
    for (auto at = text.find(value); !value.empty() && at != std::string::npos;
         at = text.find(value, at)) {
      text.replace(at, value.size(), "*");
    }
  }
  return text;
}

Refusal of_transport(const http::TransportError& error, const std::vector<base::Secret>& hidden) {
  const std::string message = without(error.message, hidden);
  switch (error.failure) {
    case http::Failure::stopped:
      return {RefusalKind::stopped, message, std::nullopt};
    case http::Failure::invalid_request:
      return {RefusalKind::rejected, message, std::nullopt};
    case http::Failure::timeout:
    case http::Failure::connect:
    case http::Failure::dns:
    case http::Failure::tls:
    case http::Failure::proxy:
    case http::Failure::too_large:
    case http::Failure::unreadable:
      break;
  }
  return {RefusalKind::unreachable, message, std::nullopt};
}

}  // namespace

base::Result<std::shared_ptr<const http::TrustStore>> load_trust(
    const ConnectionSettings& settings) {
  const auto given = [](const std::string& file) {
    return file.empty() ? std::nullopt : std::optional(file);
  };
  std::optional<http::ClientCertificate> client;
  if (!settings.cert_file.empty()) client = {settings.cert_file, settings.key_file};
  return http::TrustStore::load(given(settings.ca_file), client);
}

Poster::Poster(ConnectionSettings settings, const SinkContext& context)
    : settings_(std::move(settings)),
      clock_(context.clock),
      resolver_(context.resolver),
      user_agent_(context.user_agent) {}

Outcome Poster::post(Post post, std::chrono::steady_clock::time_point deadline,
                     const base::StopSignal& stop) {
  if (auto done = authorize(post); !done) return done;
  if (auto done = connect(post.url.origin); !done) return done;
  const http::Request request{.method = "POST",
                              .target = post.url.target.empty() ? "/" : post.url.target,
                              .headers = std::move(post.headers),
                              .body = std::move(post.body),
                              .content_type = "application/json"};
  const auto answer = transport_->send(request, {deadline, stop});
  if (!answer) return tl::unexpected(of_transport(answer.error(), post.hidden));
  Outcome outcome = judge_answer(*answer, clock_.wall());
  if (!outcome) outcome.error().message += said_in(answer->body, post.hidden);
  return outcome;
}

Outcome Poster::authorize(Post& post) const {
  if (!settings_.basic_auth && !settings_.bearer_token) return {};
  const auto& source =
      settings_.basic_auth ? settings_.basic_auth->password : *settings_.bearer_token;
  auto secret = source.read();
  if (!secret) return refuse(RefusalKind::unreachable, std::move(secret.error().message));
  std::string value = fmt::format("Bearer {}", secret->reveal());
  if (settings_.basic_auth) {
    const std::string pair =
        base64(fmt::format("{}:{}", settings_.basic_auth->username, secret->reveal()));
    post.hidden.emplace_back(pair);
    value = "Basic " + pair;
  }
  post.headers.emplace_back("Authorization", std::move(value));
  post.hidden.push_back(std::move(*secret));
  return {};
}

/// Keeps the connection if there is one and all that it was made from is as it was.
Outcome Poster::connect(const base::Origin& origin) {
  const bool is_plain = origin.scheme == base::Scheme::http;
  auto now = is_plain ? std::array<Stamp, 3>{} : stamps();
  if (transport_ && origin_ == origin && now == stamps_) return {};
  http::ConnectionOptions options{nullptr, std::nullopt, user_agent_};
  if (!is_plain) {
    auto trust = load_trust(settings_);
    if (!trust) return refuse(RefusalKind::unreachable, std::move(trust.error().message));
    options.trust = std::move(*trust);
  }
  transport_ = http::connect_to(origin, std::move(options), resolver_);
  origin_ = origin;
  stamps_ = now;
  return {};
}

std::array<Poster::Stamp, 3> Poster::stamps() const {
  const auto stamp_of = [](const std::string& file) -> Stamp {
    struct stat status {};
    if (file.empty() || ::stat(file.c_str(), &status) != 0) return {};
    return {static_cast<std::int64_t>(status.st_ino), status.st_size, status.st_mtim.tv_sec,
            status.st_mtim.tv_nsec};
  };
  return {stamp_of(settings_.ca_file), stamp_of(settings_.cert_file), stamp_of(settings_.key_file)};
}

}  // namespace aka::alert
