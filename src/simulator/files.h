#pragma once

#include <string>
#include <string_view>
#include <sys/types.h>

#include "base/result.h"

namespace aka::simulator {

base::Result<std::string> read_file(const std::string& path);
/// Replaces what is there; the file has `mode` before the first byte is in it.
base::Result<void> write_file(const std::string& path, std::string_view text, mode_t mode);

}  // namespace aka::simulator
