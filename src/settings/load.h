#pragma once

#include <filesystem>

#include "base/clock.h"
#include "base/diagnostics.h"
#include "settings/settings.h"

namespace aka::settings {

/// Reads a configuration file, or a directory whose `*.yaml` files (not below, no hidden ones) are
/// merged in the order of their names. Every problem of every file is reported in one run; if any
/// is an error, the answer holds what could be read and must not be used. `now` judges the ends of
/// waivers. Secrets are not read here.
Settings load(const std::filesystem::path& file_or_directory, base::WallTime now,
              base::Diagnostics& diagnostics);

}  // namespace aka::settings
