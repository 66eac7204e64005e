#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>

#include "base/diagnostics.h"
#include "base/section.h"

namespace aka::settings {

/// Takes one item of an organization's `keys` list, with the number of that organization in the
/// file's `organizations` list. Keys are handed out as they are read and not kept, because one file
/// may hold 100,000 of them: in the section read_yaml() answers, their lists are empty.
using KeySink = std::function<void(std::size_t organization, const base::Section& key)>;

/// Reads one YAML document, the text of the file `path`. Syntax errors, duplicate keys, keys that
/// are no text, a second document, deep nesting, aliases that expand without bound, an empty text:
/// each is reported, and the answer is nothing where no more can be read.
std::optional<base::Section> read_yaml(const std::filesystem::path& path, const std::string& text,
                                       const KeySink& sink, base::Diagnostics& diagnostics);

}  // namespace aka::settings
