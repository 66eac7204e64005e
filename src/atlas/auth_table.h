#pragma once

#include <memory>
#include <string_view>

#include "atlas/auth/authenticator.h"
#include "base/diagnostics.h"
#include "base/section.h"

namespace aka::atlas {

/// Reads one entry of `credentials:`, `{method: {...}}`, and its secret. What is wrong is reported,
/// and the result is then null. `name` is the entry's, for messages.
std::shared_ptr<Credential> parse_credential(const base::Section& section, std::string_view name,
                                             base::Diagnostics& diagnostics);

}  // namespace aka::atlas
