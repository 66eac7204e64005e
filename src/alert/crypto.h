#pragma once

#include <string>
#include <string_view>

#include "base/secret.h"

namespace aka::alert {

/// In lower-case hex.
std::string sha256_hex(std::string_view text);
std::string hmac_sha256_hex(const base::Secret& secret, std::string_view text);

/// With padding.
std::string base64(std::string_view bytes);

}  // namespace aka::alert
