#pragma once

#include <memory>
#include <string>
#include <vector>

#include "alert/connection_settings.h"
#include "alert/sink.h"
#include "base/url.h"

namespace aka::alert {

struct SinkContext;

struct WebhookSettings {
  std::string name;
  base::Url url;
  base::SecretSource secret;  ///< signs what is sent
  ConnectionSettings connection;
};

/// One sink, "webhook:NAME".
std::vector<std::unique_ptr<Sink>> make_sinks(const WebhookSettings& settings,
                                              const SinkContext& context);

}  // namespace aka::alert
