// UTF-8 taken apart, and made safe for eyes and terminals. Descriptions and role names come from
// outside, and whoever can write them can try to rewrite the report.
#include "report/printable.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace aka::report {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

constexpr std::array<Range, 13> kHidden{{
    {0x00, 0x1F},        // C0
    {0x7F, 0x9F},        // DEL, C1: terminals take U+009B for ESC [
    {0xAD, 0xAD},        // soft hyphen
    {0x61C, 0x61C},      // Arabic letter mark
    {0x180E, 0x180E},    // Mongolian vowel separator
    {0x200B, 0x200F},    // zero width, direction marks
    {0x2028, 0x202E},    // line and paragraph separators, embeddings, overrides
    {0x2060, 0x206F},    // word joiner, isolates, deprecated formatting
    {0xFE00, 0xFE0F},    // variation selectors
    {0xFEFF, 0xFEFF},    // byte order mark
    {0xFFF9, 0xFFFB},    // interlinear annotation
    {0xFFFE, 0xFFFF},    // no characters, and not allowed in XML
    {0xE0000, 0xE0FFF},  // tags, more variation selectors
}};

constexpr Range kSurrogates{0xD800, 0xDFFF};
constexpr char32_t kLargest = 0x10FFFF;

std::size_t length_by(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  if (lead >= 0xF0 && lead < 0xF5) return 4;
  return 0;
}

bool is_well_formed(char32_t code, std::size_t length) {
  // The shortest form only: an overlong one could smuggle a control past other readers.
  constexpr std::array<char32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};
  return code >= kLeast[length] && code <= kLargest &&
         (code < kSurrogates.first || code > kSurrogates.last);
}

Character decode(std::string_view text) {
  const Character invalid{text.substr(0, 1), 0, false};
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = length_by(lead);
  if (length == 0 || length > text.size()) return invalid;
  char32_t code = length == 1 ? lead : lead & (0x7FU >> length);
  for (const char byte : text.substr(1, length - 1)) {
    const auto value = static_cast<unsigned char>(byte);
    if ((value & 0xC0U) != 0x80U) return invalid;
    code = code << 6 | (value & 0x3FU);
  }
  if (!is_well_formed(code, length)) return invalid;
  return {text.substr(0, length), code, true};
}

std::string escaped(const Character& character) {
  if (!character.valid) {
    return fmt::format("\\x{:02x}", static_cast<unsigned char>(character.bytes.front()));
  }
  if (character.code == '\n') return "\\n";
  if (character.code == '\r') return "\\r";
  if (character.code == '\t') return "\\t";
  if (character.code < 0x80) {
    return fmt::format("\\x{:02x}", static_cast<unsigned>(character.code));
  }
  return fmt::format("\\u{{{:x}}}", static_cast<std::uint32_t>(character.code));
}

}  // namespace

Character take_character(std::string_view& rest) {
  const Character character = decode(rest);
  rest.remove_prefix(character.bytes.size());
  return character;
}

bool is_hidden(char32_t code) {
  return std::ranges::any_of(
      kHidden, [&](const Range& range) { return code >= range.first && code <= range.last; });
}

std::string printable(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const Character character = take_character(text);
    if (character.valid && !is_hidden(character.code)) {
      result += character.bytes;
    } else {
      result += escaped(character);
    }
  }
  return result;
}

}  // namespace aka::report
