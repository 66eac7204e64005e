#pragma once

#include <memory>
#include <string>
#include <vector>

#include "alert/connection_settings.h"
#include "alert/sink.h"
#include "base/url.h"

namespace aka::alert {

struct SinkContext;

struct SlackSettings {
  std::string name;
  base::SecretSource url;  ///< whoever knows the address can post to it
  ConnectionSettings connection;
};

/// The address that the source holds. The error does not repeat it.
base::Result<base::Url> read_address(const base::SecretSource& source);

/// One sink, "slack:NAME".
std::vector<std::unique_ptr<Sink>> make_sinks(const SlackSettings& settings,
                                              const SinkContext& context);

}  // namespace aka::alert
