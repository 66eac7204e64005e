#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace aka::journal {

/// How deep a record's data may nest: no program that reads an export needs a large stack.
inline constexpr int kDeepestData = 64;

/// A JSON object in the one form that is hashed: sorted keys, no spaces, UTF-8 unescaped, numbers
/// that are no integers as texts, the last of duplicate keys. Nothing if the text is no object or
/// nests deeper than `deepest`.
std::optional<std::string> canonical_object(std::string_view text, int deepest = kDeepestData);

/// A text as a JSON string with its quotes; what is not UTF-8 becomes U+FFFD.
std::string canonical_text(std::string_view text);

/// The same text with what is not UTF-8 replaced by U+FFFD.
std::string valid_utf8(std::string_view text);

}  // namespace aka::journal
