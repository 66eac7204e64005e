#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "alert/alerting_settings.h"
#include "alert/sink.h"
#include "base/clock.h"
#include "base/diagnostics.h"
#include "http/resolver.h"

namespace aka::alert {

/// What the program lends its sinks. Clock and resolver must outlive them.
struct SinkContext {
  const base::Clock& clock;
  http::Resolver& resolver;
  std::string user_agent;
  std::string runbooks;  ///< address under which "AtlasKeyDrift.md" is found; empty: no runbook_url
};

/// A sink for each receiver of the settings, each address of Alertmanager being one of its own.
/// Secrets and certificates are read when they are needed and again when they change.
std::vector<std::unique_ptr<Sink>> make_sinks(const AlertingSettings& settings,
                                              const SinkContext& context);

/// Reports every secret, certificate and key of the receivers that cannot be used.
void check_receivers(const AlertingSettings& settings, base::Diagnostics& diagnostics);

/// AtlasAuditorAlive, which fires since then with these labels besides its own.
incident::Alert alive_alert(const std::map<std::string, std::string>& labels, base::WallTime since);

}  // namespace aka::alert
