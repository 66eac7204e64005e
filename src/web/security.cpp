// Files as they are now, at the price of a few stat(2) for each connection and request. Entries:
// context() and guard(). A certificate and its key are replaced one after the other, so a pair that
// does not fit is common; the last good one serves until the second has come.
#include "web/security.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace aka::web {
namespace {

/// What is wrong may come right without a new time on a file: permissions, a missing authority.
constexpr std::chrono::seconds kRetry(1);

bool is_probe(const Request& request) {
  return request.path == "/-/healthy" || request.path == "/-/ready";
}

/// "127.0.0.1:41234" without its port.
std::string host_of(const std::string& remote) { return remote.substr(0, remote.rfind(':')); }

Response unauthorized() {
  Response response = plain(401, "Unauthorized");
  response.headers.emplace_back("WWW-Authenticate", "Basic realm=\"atlas-key-auditor\"");
  return response;
}

Response too_many(std::string text) {
  Response response = plain(429, std::move(text));
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

void set_header(Response& response, const std::string& name, const std::string& value) {
  const NameLess less;
  std::erase_if(response.headers, [&](const auto& header) {
    return !less(header.first, name) && !less(name, header.first);
  });
  response.headers.emplace_back(name, value);
}

}  // namespace

Security::Security(Protection first, Sources sources, const base::Clock& clock)
    : sources_(std::move(sources)),
      clock_(clock),
      encrypts_(first.tls != nullptr),
      logins_(clock),
      protection_(std::make_shared<const Protection>(std::move(first))),
      stamps_(stamps(*protection_)) {}

std::shared_ptr<ssl_ctx_st> Security::context() { return current()->tls; }

Handler Security::guard(Handler inner) {
  return [this, inner = std::move(inner)](const Request& request) {
    const auto protection = current();
    auto refused = is_probe(request) ? std::nullopt : refusal(request, *protection);
    Response response = refused ? *std::move(refused) : inner(request);
    for (const auto& [name, value] : protection->settings.headers)
      set_header(response, name, value);
    return response;
  };
}

/// Nothing if the request may be served.
std::optional<Response> Security::refusal(const Request& request, const Protection& protection) {
  const SecuritySettings& settings = protection.settings;
  if (settings.rate_limit && !within_rate(*settings.rate_limit))
    return too_many("too many requests");
  if (settings.users.empty()) return std::nullopt;
  const auto login = parse_login(request.header("Authorization"));
  if (!login) return unauthorized();
  switch (logins_.judge(settings.users, *login, host_of(request.remote))) {
    case BasicAuth::Verdict::granted:
      return std::nullopt;
    case BasicAuth::Verdict::refused:
      return unauthorized();
    case BasicAuth::Verdict::busy:
      return too_many("too many attempts to log in; try again later");
  }
  return unauthorized();
}

bool Security::within_rate(const RateLimit& limit) {
  const std::scoped_lock lock(mutex_);
  const auto most = static_cast<double>(limit.burst);
  const base::SteadyTime now = clock_.steady();
  const std::chrono::duration<double> passed = now - rate_filled_;
  const std::chrono::duration<double> interval = limit.interval;
  rate_level_ = rate_level_ < 0 ? most : std::min(most, rate_level_ + passed / interval);
  rate_filled_ = now;
  if (rate_level_ < 1) return false;
  rate_level_ -= 1;
  return true;
}

std::vector<base::FileStamp> Security::stamps(const Protection& protection) {
  std::vector<base::FileStamp> stamps{base::stamp_of(protection.path)};
  if (const auto& tls = protection.settings.tls) {
    for (const PemSource* source : {&tls->certificate, &tls->key, &tls->client_ca}) {
      if (!source->path.empty()) stamps.push_back(base::stamp_of(source->path));
    }
  }
  return stamps;
}

std::shared_ptr<const Protection> Security::current() {
  const std::scoped_lock lock(mutex_);
  if (protection_->path.empty()) return protection_;
  const bool retry = !rejection_.empty() && clock_.steady() - tried_ >= kRetry;
  auto now = stamps(*protection_);
  if (now == stamps_ && !retry) return protection_;
  stamps_ = std::move(now);
  reload();
  return protection_;
}

void Security::reload() {
  tried_ = clock_.steady();
  auto next = sources_.load(protection_->path);
  std::string why = next ? std::string() : next.error().message;
  if (next && (next->tls != nullptr) != encrypts_)
    why = "whether TLS is spoken changes with the next start only";
  const bool news = why != rejection_ || why.empty();
  rejection_ = why;
  if (!why.empty()) {
    if (news) sources_.rejected(why);
    return;
  }
  // What changed while it was read is read again.
  const bool quiet = stamps(*protection_) == stamps_;
  protection_ = std::make_shared<const Protection>(*std::move(next));
  stamps_ = quiet ? stamps(*protection_) : std::vector<base::FileStamp>();
  sources_.reloaded();
}

bool Security::adopt(Protection next) {
  const std::scoped_lock lock(mutex_);
  if (next.path != protection_->path || (next.tls != nullptr) != encrypts_) return false;
  protection_ = std::make_shared<const Protection>(std::move(next));
  rejection_.clear();
  return true;
}

}  // namespace aka::web
