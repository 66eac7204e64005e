#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace aka::app::log {

enum class Level { debug, info, warning, error };
enum class Format { text, json };

/// One thing that happened: a stable name to search for, and fields. A field with an empty value
/// is left out. Values may come from outside: they are escaped, in both formats.
using Field = std::pair<std::string_view, std::string>;

/// Sets what is written to standard error from now on. Safe at any time, from any thread.
void configure(Level least, Format format);

/// Whether lines of that level are written; asks who would make a debug line's fields in vain.
bool is_written(Level level);

void write(Level level, std::string_view event, std::initializer_list<Field> fields);

inline void debug(std::string_view event, std::initializer_list<Field> fields = {}) {
  write(Level::debug, event, fields);
}
inline void info(std::string_view event, std::initializer_list<Field> fields = {}) {
  write(Level::info, event, fields);
}
inline void warning(std::string_view event, std::initializer_list<Field> fields = {}) {
  write(Level::warning, event, fields);
}
inline void error(std::string_view event, std::initializer_list<Field> fields = {}) {
  write(Level::error, event, fields);
}

/// The line that write() hands to the logger, without a line end.
std::string format_line(Format format, std::string_view time, Level level, std::string_view event,
                        std::initializer_list<Field> fields);

}  // namespace aka::app::log
