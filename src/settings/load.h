#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/diagnostics.h"
#include "settings/settings.h"

namespace aka::settings {

/// A file of a configuration as it was read; no text: it could not be.
struct Source {
  std::string path;
  std::optional<std::string> text;
};
using Sources = std::vector<Source>;

/// What a configuration consists of: the file, or the files of the directory. What is wrong with
/// them is reported.
Sources read_sources(const std::filesystem::path& file_or_directory,
                     base::Diagnostics& diagnostics);

/// Reads what read_sources() answered, now or in an earlier run.
Settings load(const Sources& sources, const std::filesystem::path& file_or_directory,
              base::WallTime now, base::Diagnostics& diagnostics);

/// Reads a configuration file, or a directory whose `*.yaml` files (not below, no hidden ones) are
/// merged in the order of their names. Every problem of every file is reported in one run; if any
/// is an error, the answer holds what could be read and must not be used. `now` judges the ends of
/// waivers. Secrets are not read here.
Settings load(const std::filesystem::path& file_or_directory, base::WallTime now,
              base::Diagnostics& diagnostics);

}  // namespace aka::settings
