#pragma once

#include <string>

#include "evidence/evidence.h"

namespace aka::evidence {

/// One file that needs nothing else, for eyes and for printing. Everything from outside is escaped.
std::string to_html(const Evidence& evidence);

/// The same facts for programs; ends with a line break. Times are RFC 3339 UTC, durations seconds,
/// what is not there is null.
std::string to_json(const Evidence& evidence);

}  // namespace aka::evidence
