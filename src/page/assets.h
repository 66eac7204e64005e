#pragma once

#include <string_view>

namespace aka::page {

/// A file that pages refer to and the program holds.
struct Asset {
  std::string_view address;  ///< path and query; another text has another query
  std::string_view content_type;
  std::string_view text;
};

const Asset& script();
const Asset& style();

}  // namespace aka::page
