#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/diagnostics.h"
#include "web/security.h"

namespace aka::app {

/// Reads web.config_file, and what it names; an empty path is no protection. Problems are reported.
web::Protection read_protection(const std::string& path, base::Diagnostics& diagnostics);

/// Serves by it and by what its files become, and logs that.
std::unique_ptr<web::Security> keep_protected(web::Protection first, const base::Clock& clock);

}  // namespace aka::app
