#pragma once

#include <string>

#include "alert/connection_settings.h"
#include "base/url.h"

namespace aka::alert {

struct WebhookSettings {
  std::string name;
  base::Url url;
  base::SecretSource secret;  ///< signs what is sent
  ConnectionSettings connection;
};

}  // namespace aka::alert
