#pragma once

#include <vector>

#include "alert/connection_settings.h"
#include "base/duration.h"
#include "base/url.h"

namespace aka::alert {

struct AlertmanagerSettings {
  std::vector<base::Url> urls;  ///< each gets every alert; without trailing slashes
  base::Duration resend = std::chrono::minutes(1);
  ConnectionSettings connection;
};

}  // namespace aka::alert
