#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace aka::report {

/// Appends JSON to a text, member by member and in the order called, with the commas. It keeps no
/// tree, so that a page of 100,000 keys costs one block of memory. Whatever bytes a text holds,
/// valid JSON comes out: what is not UTF-8 becomes U+FFFD, and hidden characters are escaped, so
/// that a terminal obeys none. The caller closes what it opens.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name);

  JsonWriter& text(std::string_view value);
  JsonWriter& text_or_null(std::string_view value);  ///< an empty text is null
  JsonWriter& integer(std::int64_t value);
  JsonWriter& count(std::size_t value) { return integer(static_cast<std::int64_t>(value)); }
  JsonWriter& seconds(std::chrono::milliseconds value);
  JsonWriter& boolean(bool value);
  JsonWriter& null();
  JsonWriter& time(base::WallTime value);  ///< the epoch is null

  /// A line break before the next element, for people; JSON does not mind.
  void new_line();

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  void separate();

  std::string& out_;
  bool comma_due_ = false;
  bool line_due_ = false;
};

}  // namespace aka::report
