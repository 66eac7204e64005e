#pragma once

#include <string>

#include "metrics/daemon_metrics.h"

namespace aka::app {

const metrics::Build& build();

/// "atlas-key-auditor 0.1.0 (revision 1a2b3c4, GCC 12.2.0)".
std::string version_line();

/// For the User-Agent header: "atlas-key-auditor/0.1.0".
std::string user_agent();

}  // namespace aka::app
