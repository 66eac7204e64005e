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

int healthcheck(const std::string& url) {
  platform::release_stop_signals();
  const auto parsed = base::parse_url(url);
  if (!parsed) return complain("the daemon", parsed.error().message);
  http::ConnectionOptions options;
  options.user_agent = user_agent();
  if (parsed->origin.scheme == base::Scheme::https) {
    const auto trust = http::TrustStore::load(std::nullopt);
    if (!trust) return complain(url, trust.error().message);
    options.trust = *trust;
  }
  http::Resolver resolver;
  const auto connection = http::connect_to(parsed->origin, options, resolver);
  http::Request request;
  request.target = parsed->target.empty() ? "/-/healthy" : parsed->target;
  const base::StopSignal never;
  const auto exchange =
      connection->send(request, std::chrono::steady_clock::now() + kPatience, never);
  if (!exchange) return complain(url, exchange.error().message);
  if (exchange->status != 200)
    return complain(url, fmt::format("it answered {}", exchange->status));
  return kExitOk;
}

}  // namespace

void add_healthcheck(CLI::App& program, Action& chosen) {
  auto* command =
      program.add_subcommand("healthcheck", "Ask a running daemon whether it is healthy");
  auto url = std::make_shared<std::string>("http://127.0.0.1:9974/-/healthy");
  command->add_option("--url", *url, "What to ask")->capture_default_str();
  command->callback([&chosen, url] { chosen = [url] { return healthcheck(*url); }; });
}

}  // namespace aka::app
