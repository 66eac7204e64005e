// From settings to receivers. Entry points: make_sinks() and check_receivers(). The kinds meet here
// only through overloads that each declares in its own header.
#include "alert/sink_factory.h"

#include <iterator>
#include <set>

#include <fmt/format.h>

#include "alert/poster.h"

namespace aka::alert {
namespace {

class Check {
 public:
  explicit Check(base::Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  void operator()(const AlertmanagerSettings& settings) const { check(settings.connection); }

  void operator()(const WebhookSettings& settings) const {
    base::read_secret(settings.secret, diagnostics_);
    check(settings.connection);
  }

  void operator()(const SlackSettings& settings) const {
    if (base::read_secret(settings.url, diagnostics_)) {
      if (const auto url = read_address(settings.url); !url) {
        diagnostics_.error(settings.url.mark, url.error().message);
      }
    }
    check(settings.connection);
  }

 private:
  void check(const ConnectionSettings& settings) const {
    if (settings.basic_auth) base::read_secret(settings.basic_auth->password, diagnostics_);
    if (settings.bearer_token) base::read_secret(*settings.bearer_token, diagnostics_);
    if (const auto trust = load_trust(settings); !trust) {
      diagnostics_.error(settings.tls_mark, trust.error().message);
    }
  }

  base::Diagnostics& diagnostics_;
};

std::string text_of(const base::Url& url) {
  return fmt::format("{}://{}{}", url.origin.scheme == base::Scheme::https ? "https" : "http",
                     url.origin.host_header(), url.target);
}

}  // namespace

std::vector<std::unique_ptr<Sink>> make_sinks(const AlertingSettings& settings,
                                              SinkContext context) {
  if (settings.external_url) context.links.external_url = text_of(*settings.external_url);
  context.heartbeat = settings.heartbeat;
  std::vector<std::unique_ptr<Sink>> sinks;
  for (const SinkSettings& receiver : settings.sinks) {
    auto made = std::visit([&](const auto& kind) { return make_sinks(kind, context); }, receiver);
    std::ranges::move(made, std::back_inserter(sinks));
  }
  return sinks;
}

void check_receivers(const AlertingSettings& settings, base::Diagnostics& diagnostics) {
  for (const SinkSettings& receiver : settings.sinks) std::visit(Check(diagnostics), receiver);
}

incident::Alert alive_alert(const std::map<std::string, std::string>& labels,
                            base::WallTime since) {
  incident::Alert alert;
  alert.name = incident::AlertName::auditor_alive;
  alert.labels = labels;
  alert.labels["alertname"] = "AtlasAuditorAlive";
  alert.labels["severity"] = "none";
  alert.summary = "The auditor of the Atlas API keys is alive and reaches its receivers.";
  alert.description =
      "This alert always fires. Let its absence raise an alarm: then the auditor, or the way from "
      "it to here, is down.";
  alert.starts_at = since;
  return alert;
}

}  // namespace aka::alert
