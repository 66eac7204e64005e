#pragma once

#include <string>
#include <string_view>

namespace aka::report {

/// One character off the front of a UTF-8 text.
struct Character {
  std::string_view bytes;  ///< one byte, if it starts no valid sequence
  char32_t code = 0;       ///< meaningless if not valid
  bool valid = false;
};

/// Takes the first character off `rest`, which must not be empty.
Character take_character(std::string_view& rest);

/// Whether a reader could not see the character, or it changes how others show: controls (of a
/// terminal too), invisible formatting, and what reverses the direction of writing.
bool is_hidden(char32_t code);

/// `text` so that a terminal shows what is there and obeys nothing: hidden characters as `\n`,
/// `\x1b` or `\u{202e}`, bytes that are not UTF-8 as `\xff`. A backslash stays as it is.
std::string printable(std::string_view text);

}  // namespace aka::report
