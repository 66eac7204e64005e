// `healthcheck`: asks a running daemon whether it is healthy, for container probes without curl.
#include <chrono>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/command_line.h"
#include "app/version.h"
#include "base/stop.h"
#include "base/url.h"
#include "http/connection.h"
#include "http/resolver.h"
#include "http/trust_store.h"
#include "platform/signals.h"

namespace aka::app {
namespace {

constexpr std::chrono::seconds kPatience{5};

int complain(const std::string& url, const std::string& why) {
  fmt::print(stderr, "healthcheck: asking {}: {}\n", url, why);
  return kExitFailure;
}

struct Probe {
  std::string url = "http://127.0.0.1:9974/-/healthy";
  std::string ca_file;
  std::string cert_file;
  std::string key_file;
};

/// On this machine a certificate would have to be for another name than is asked for, and nothing
/// that matters passes: so none is verified there, unless an authority is named.
base::Result<std::shared_ptr<const http::TrustStore>> trust_of(const Probe& probe,
                                                               const base::Origin& origin) {
  const auto authority = probe.ca_file.empty() ? std::nullopt : std::optional(probe.ca_file);
  const auto proof =
      !authority && base::is_loopback(origin.host) ? http::Proof::waived : http::Proof::required;
  std::optional<http::ClientCertificate> client;
  if (!probe.cert_file.empty()) client = {probe.cert_file, probe.key_file};
  return http::TrustStore::load(authority, client, proof);
}

int healthcheck(const Probe& probe) {
  platform::release_stop_signals();
  const std::string& url = probe.url;
  const auto parsed = base::parse_url(url);
  if (!parsed) return complain("the daemon", parsed.error().message);
  http::ConnectionOptions options;
  options.user_agent = user_agent();
  if (parsed->origin.scheme == base::Scheme::https) {
    const auto trust = trust_of(probe, parsed->origin);
    if (!trust) return complain(url, trust.error().message);
    options.trust = *trust;
  }
  http::Resolver resolver;
  const auto connection = http::connect_to(parsed->origin, options, resolver);
  http::Request request;
  request.target = parsed->target.empty() ? "/-/healthy" : parsed->target;
  const base::StopSignal never;
  const auto exchange =
      connection->send(request, {std::chrono::steady_clock::now() + kPatience, never});
  if (!exchange) return complain(url, exchange.error().message);
  if (exchange->status != 200)
    return complain(url, fmt::format("it answered {}", exchange->status));
  return kExitOk;
}

}  // namespace

void add_healthcheck(CLI::App& program, Action& chosen) {
  auto* command =
      program.add_subcommand("healthcheck", "Ask a running daemon whether it is healthy");
  auto probe = std::make_shared<Probe>();
  command->add_option("--url", probe->url, "What to ask")->capture_default_str();
  command->add_option("--ca-file", probe->ca_file,
                      "Authorities (PEM) to verify the daemon's certificate by; without it a "
                      "loopback address is not verified");
  auto* certificate = command->add_option("--cert-file", probe->cert_file,
                                          "Our certificate (PEM), where the daemon asks for one");
  auto* key = command->add_option("--key-file", probe->key_file, "Its key (PEM)");
  certificate->needs(key);
  key->needs(certificate);
  command->callback([&chosen, probe] { chosen = [probe] { return healthcheck(*probe); }; });
}

}  // namespace aka::app
