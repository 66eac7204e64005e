#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "base/section.h"

namespace aka::testing {

// Settings trees without a file: mapping({{"urls", list({text("http://a")})}}).

inline base::Section text(std::string value) {
  base::Section section;
  section.kind = base::Section::Kind::scalar;
  section.text = std::move(value);
  return section;
}

inline base::Section list(std::vector<base::Section> items) {
  base::Section section;
  section.kind = base::Section::Kind::sequence;
  section.items = std::move(items);
  return section;
}

inline base::Section mapping(std::initializer_list<std::pair<std::string, base::Section>> entries) {
  base::Section section;
  section.kind = base::Section::Kind::mapping;
  for (const auto& [key, value] : entries) section.entries.push_back({key, {}, value});
  return section;
}

/// All messages, one a line.
inline std::string report(const base::Diagnostics& diagnostics) {
  std::string lines;
  for (const base::Diagnostic& diagnostic : diagnostics.sorted())
    lines += to_string(diagnostic) + "\n";
  return lines;
}

}  // namespace aka::testing
