#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/diagnostics.h"

namespace aka::settings {

/// The whole of a UTF-8 text file of at most 64 MiB. What is no such file is reported, at the
/// offending byte where there is one.
std::optional<std::string> read_text(const std::filesystem::path& path,
                                     base::Diagnostics& diagnostics);

}  // namespace aka::settings
