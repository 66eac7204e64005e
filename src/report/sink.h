#pragma once

#include <functional>
#include <string_view>

namespace aka::report {

/// Takes the next block, which is valid during the call; false: the reader is gone, stop.
using Sink = std::function<bool(std::string_view)>;

}  // namespace aka::report
