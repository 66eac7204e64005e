#pragma once

#include <optional>
#include <string>

#include "http/message.h"

namespace aka::http {

/// What keeps the request from being put on the wire as it is meant: a line break in a header or
/// target would let its content pass for another header or request. Nothing if it is fit.
std::optional<std::string> what_is_unfit(const Request& request);

}  // namespace aka::http
