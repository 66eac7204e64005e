#pragma once

#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "alert/sinks/alertmanager.h"
#include "alert/sinks/slack.h"
#include "alert/sinks/webhook.h"
#include "base/section.h"

namespace aka::alert {

using SinkSettings = std::variant<AlertmanagerSettings, WebhookSettings, SlackSettings>;

/// A kind of receiver. `read` appends the receivers that the section under `name` describes, and
/// reports what is wrong with it.
struct SinkKind {
  std::string_view name;  ///< its key under `alerting`
  void (*read)(const base::Section& section, base::Diagnostics& diagnostics,
               std::vector<SinkSettings>& sinks);
};

/// Every kind there is.
std::span<const SinkKind> sink_kinds();

}  // namespace aka::alert
