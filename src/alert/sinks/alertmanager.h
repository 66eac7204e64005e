#pragma once

#include <memory>
#include <vector>

#include "alert/connection_settings.h"
#include "alert/sink.h"
#include "base/duration.h"
#include "base/url.h"

namespace aka::alert {

struct SinkContext;

struct AlertmanagerSettings {
  std::vector<base::Url> urls;  ///< each gets every alert; without trailing slashes
  base::Duration resend = std::chrono::minutes(1);
  ConnectionSettings connection;
};

/// One sink for each address: "alertmanager:HOST:PORT", with the path if there is one.
std::vector<std::unique_ptr<Sink>> make_sinks(const AlertmanagerSettings& settings,
                                              const SinkContext& context);

}  // namespace aka::alert
