#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/section.h"

namespace aka::simulator {

/// Reads JSON into the neutral tree, so that base::Fields checks and explains it. The mark of each
/// object and array, and of what stands directly in it, is `name`, a '#' and its JSON pointer:
/// "fixture.json#/organizations/0". Text is `quoted`, numbers and booleans are not. A member given
/// twice, and more than 64 levels, are errors.
base::Result<base::Section> read_json(std::string_view text, std::string_view name);

/// Compact JSON of a tree that read_json() gave.
std::string write_json(const base::Section& tree);

/// Appends `text` as a JSON string. Bytes above 127 pass as they are.
void append_json_text(std::string& out, std::string_view text);
std::string json_text(std::string_view text);

/// Appends `"name":"text",`, or nothing if the text is empty, as the service leaves out what has no
/// value.
void append_json_member(std::string& out, std::string_view name, std::string_view text);

/// The JSON document with two-space indents; a text that is no JSON is returned as it is.
std::string pretty_json(const std::string& text);

/// RFC 7396. A text that is no JSON is returned as it is.
std::string merge_patch(const std::string& text, const std::string& patch);

}  // namespace aka::simulator
