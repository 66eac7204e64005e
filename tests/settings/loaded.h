#pragma once

#include <filesystem>
#include <string>

#include "base/utc_time.h"
#include "settings/load.h"
#include "support/scratch_directory.h"

namespace aka::settings {

/// What a configuration came to at noon of a fixed day.
struct Loaded {
  Settings settings;
  std::string report;  ///< one line for each problem
  bool usable = false;
};

inline const base::WallTime kNow = *base::parse_instant("2026-11-24T12:00:00Z");

/// Marks name files as seen from `root`.
inline Loaded load_path(const std::filesystem::path& path, const std::filesystem::path& root) {
  Loaded loaded;
  base::Diagnostics diagnostics;
  loaded.settings = load(path, kNow, diagnostics);
  loaded.usable = !diagnostics.has_errors();
  for (const base::Diagnostic& diagnostic : diagnostics.sorted())
    loaded.report += to_string(diagnostic) + "\n";
  const std::string prefix = root.string() + "/";
  for (std::size_t at; (at = loaded.report.find(prefix)) != std::string::npos;)
    loaded.report.erase(at, prefix.size());
  return loaded;
}

inline Loaded load_text(std::string_view text) {
  const testing::ScratchDirectory directory;
  return load_path(directory.write("a.yaml", text), directory.path());
}

}  // namespace aka::settings
