#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "alert/alert_json.h"
#include "alert/alerting_settings.h"
#include "alert/sink.h"
#include "base/clock.h"
#include "base/diagnostics.h"
#include "http/resolver.h"

namespace aka::alert {

/// What every sink needs. Clock and resolver must outlive the sinks.
struct SinkContext {
  const base::Clock& clock;
  http::Resolver& resolver;
  std::string user_agent;
  AlertLinks links = {};       ///< make_sinks() takes the external_url from the settings
  base::Duration heartbeat{};  ///< and this one
};

/// A sink for each receiver of the settings, each address of Alertmanager being one of its own.
/// Secrets and certificates are read when they are needed and again when they change.
std::vector<std::unique_ptr<Sink>> make_sinks(const AlertingSettings& settings,
                                              SinkContext context);

/// Reports every secret, certificate and key of the receivers that cannot be used.
void check_receivers(const AlertingSettings& settings, base::Diagnostics& diagnostics);

/// AtlasAuditorAlive, which fires since then with these labels besides its own.
incident::Alert alive_alert(const std::map<std::string, std::string>& labels, base::WallTime since);

}  // namespace aka::alert
