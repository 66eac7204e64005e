// The simulated service as one handler. Entry point: Service::answer(). The order is the real one:
// authentication, the caller's access list, then the API; faults strike before or after those.
#include "simulator/service.h"

#include <utility>

#include <fmt/format.h>

#include "simulator/api_error.h"
#include "simulator/atlas_api.h"
#include "simulator/crypto.h"
#include "simulator/fault_effects.h"

namespace aka::simulator {
namespace {

/// "127.0.0.1:41234" and "[::1]:41234" without what is not the address.
std::string address_of(const std::string& remote) {
  if (remote.starts_with('[')) return remote.substr(1, remote.find(']') - 1);
  return remote.substr(0, remote.rfind(':'));
}

}  // namespace

Service::Service(Fixture fixture, const ServiceOptions& options, const base::Clock& clock)
    : clock_(clock),
      scheme_(options.scheme),
      world_(std::move(fixture.organizations), options.rate_limit),
      guard_(options.digest),
      tokens_(world_, stats_, options.oauth),
      control_(world_, faults_, stats_, [this] { tell_idle_close(); }) {
  faults_.add(std::move(fixture.faults));
}

bool Service::holds_next_connection() { return faults_.claim_mute(serial_.fetch_add(1)); }

void Service::watch_idle_close(std::function<void(std::optional<base::Duration>)> watcher) {
  {
    const std::lock_guard lock(watcher_mutex_);
    idle_watcher_ = std::move(watcher);
  }
  tell_idle_close();
}

void Service::tell_idle_close() {
  const std::lock_guard lock(watcher_mutex_);
  if (idle_watcher_) idle_watcher_(faults_.idle_close());
}

web::Response Service::answer(const web::Request& request) {
  const Target target = parse_target(request.path);
  if (target.route == Route::control) return control_.answer(request);
  const std::uint64_t seed = mixed(serial_.fetch_add(1, std::memory_order_relaxed));
  web::Response result = routed(request, target, seed);
  count(target, result);
  return result;
}

template <typename Make>
web::Response Service::faulted(Stage stage, const Target& target, const web::Request& request,
                               std::uint64_t seed, Make make) {
  const auto fault = faults_.claim(stage, target, request.path, seed);
  if (!fault) return make();
  stats_.faults_hit.fetch_add(1, std::memory_order_relaxed);
  const Victim victim{target, address_of(request.remote), request.path};
  return struck(*fault, victim, replaces_answer(fault->effect) ? web::Response() : make(), stop_);
}

web::Response Service::routed(const web::Request& request, const Target& target,
                              std::uint64_t seed) {
  return faulted(Stage::arrival, target, request, seed,
                 [&] { return granted(request, target, seed); });
}

web::Response Service::granted(const web::Request& request, const Target& target,
                               std::uint64_t seed) {
  if (target.route == Route::token || target.route == Route::revoke) {
    return faulted(Stage::answer, target, request, seed,
                   [&] { return token_page(request, target); });
  }
  if (target.api == Api::none) return error_answer(known_error("RESOURCE_NOT_FOUND", request.path));
  auto who = identify(request);
  if (auto* const refusal = std::get_if<web::Response>(&who)) return std::move(*refusal);
  const Caller& caller = std::get<Caller>(who);
  const std::string address = address_of(request.remote);
  if (caller.key && !admits(caller.key->access_list, address)) {
    return error_answer(known_error("IP_ADDRESS_NOT_ON_ACCESS_LIST", address));
  }
  return faulted(Stage::answer, target, request, seed,
                 [&] { return served(caller, request, target, seed); });
}

web::Response Service::served(const Caller& caller, const web::Request& request,
                              const Target& target, std::uint64_t seed) {
  const Circumstances circumstances{clock_.steady(), seed,
                                    fmt::format("{}://{}", scheme_, request.header("Host"))};
  return answer_api(world_, caller, target, request, circumstances);
}

web::Response Service::token_page(const web::Request& request, const Target& target) {
  return target.route == Route::token ? tokens_.issue(request, clock_.steady())
                                      : tokens_.revoke(request);
}

std::variant<Caller, web::Response> Service::identify(const web::Request& request) {
  constexpr std::string_view kBearer = "Bearer ";
  const std::string_view authorization = request.header("Authorization");
  if (authorization.starts_with(kBearer)) {
    const auto client = tokens_.holder(authorization.substr(kBearer.size()), clock_.steady());
    auto caller = client ? world_.account(*client) : std::nullopt;
    if (caller) return std::move(*caller);
    return challenge(DigestGuard::Outcome::refused);
  }
  if (const auto answer = parse_digest(authorization)) return identify_by_digest(*answer, request);
  return challenge(DigestGuard::Outcome::refused);
}

std::variant<Caller, web::Response> Service::identify_by_digest(const DigestAnswer& answer,
                                                                const web::Request& request) {
  auto caller = world_.key_holder(answer.username);
  if (!caller || !caller->key) return challenge(DigestGuard::Outcome::refused);
  const auto outcome = guard_.check(answer, request.method, request.target,
                                    caller->key->private_key, clock_.steady());
  if (outcome != DigestGuard::Outcome::accepted) return challenge(outcome);
  return std::move(*caller);
}

web::Response Service::challenge(DigestGuard::Outcome after) {
  stats_.challenges.fetch_add(1, std::memory_order_relaxed);
  if (after == DigestGuard::Outcome::stale) {
    stats_.stale_challenges.fetch_add(1, std::memory_order_relaxed);
  }
  return unauthenticated(guard_.challenge(after, clock_.steady()));
}

void Service::count(const Target& target, const web::Response& answer) {
  const int status = answer.wire == web::Response::Wire::normal ? answer.status : 0;
  stats_.by_status.add(status);
  stats_.by_route[static_cast<std::size_t>(target.route)].fetch_add(1, std::memory_order_relaxed);
  const auto id = model::OrganizationId::parse(target.org);
  LiveOrganization* const organization = id ? world_.organization(*id) : nullptr;
  if (organization != nullptr) organization->requests().add(status);
}

}  // namespace aka::simulator
