#pragma once

#include <string>
#include <string_view>

namespace aka::metrics {

/// Whether `text` can stand between the quotes of a label as it is.
bool is_plain_label(std::string_view text);

/// Appends `text` as it must stand between the quotes of a label: backslash, quote and newline are
/// escaped; a byte that is not UTF-8 becomes U+FFFD. Control characters stay: Prometheus reads
/// them, NUL too.
void append_label(std::string& out, std::string_view text);

}  // namespace aka::metrics
