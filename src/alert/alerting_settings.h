#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "alert/sink_table.h"
#include "base/duration.h"
#include "base/section.h"
#include "base/url.h"

namespace aka::alert {

/// The `alerting` block: what every alert carries, and who gets it.
struct AlertingSettings {
  std::map<std::string, std::string> labels;  ///< added to every alert
  std::optional<base::Url> external_url;      ///< where people reach the status page
  base::Duration heartbeat{};                 ///< 0: no AtlasAuditorAlive
  std::vector<SinkSettings> sinks;
};

/// Reads the block. Problems are reported.
AlertingSettings read_alerting(const base::Section& section, base::Diagnostics& diagnostics);

}  // namespace aka::alert
