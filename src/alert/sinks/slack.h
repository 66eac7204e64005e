#pragma once

#include <string>

#include "alert/connection_settings.h"

namespace aka::alert {

struct SlackSettings {
  std::string name;
  base::SecretSource url;  ///< whoever knows the address can post to it
  ConnectionSettings connection;
};

}  // namespace aka::alert
