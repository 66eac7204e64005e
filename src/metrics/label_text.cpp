// Makes any bytes fit between the quotes of a label. Entry point: append_label(). Names of roles
// come from outside, and one bad name must not cost the whole page.
#include "metrics/label_text.h"

#include <algorithm>
#include <cstddef>

namespace aka::metrics {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

unsigned char byte_at(std::string_view text, std::size_t position) {
  return static_cast<unsigned char>(text[position]);
}

bool is_continuation(std::string_view text, std::size_t position) {
  return position < text.size() && (byte_at(text, position) & 0xC0U) == 0x80U;
}

/// The bytes of the UTF-8 sequence that starts `text`; 0 if none does. Overlong forms, surrogates
/// and what lies past U+10FFFF are no UTF-8: the second byte tells them (Unicode, table 3-7).
std::size_t sequence_length(std::string_view text) {
  const unsigned char first = byte_at(text, 0);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4 || !is_continuation(text, 1)) return 0;
  const unsigned char second = byte_at(text, 1);
  if (first < 0xE0) return 2;
  if (!is_continuation(text, 2)) return 0;
  if (first < 0xF0) {
    return (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ? 0 : 3;
  }
  if (!is_continuation(text, 3)) return 0;
  return (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F) ? 0 : 4;
}

bool is_plain(char symbol) {
  return symbol >= ' ' && symbol <= '~' && symbol != '"' && symbol != '\\';
}

}  // namespace

bool is_plain_label(std::string_view text) { return std::ranges::all_of(text, is_plain); }

void append_label(std::string& out, std::string_view text) {
  while (true) {
    const auto run = std::ranges::find_if_not(text, is_plain) - text.begin();
    out += text.substr(0, static_cast<std::size_t>(run));
    text.remove_prefix(static_cast<std::size_t>(run));
    if (text.empty()) return;
    const std::size_t length = sequence_length(text);
    if (length == 0) {
      out += kReplacement;
    } else if (text.front() == '\n') {
      out += "\\n";
    } else {
      if (text.front() == '"' || text.front() == '\\') out += '\\';
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
}

}  // namespace aka::metrics
