// What may be repeated in a message. Entry points: looks_secret(), shown(). Masking errs on the
// side of hiding: a message goes to logs and terminals that more people read than the settings.
#include "base/redaction.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace aka::base {
namespace {

constexpr std::size_t kLongest = 80;
constexpr std::string_view kMask = "<secret>";

bool is_hex(char symbol) {
  return (symbol >= '0' && symbol <= '9') || (symbol >= 'a' && symbol <= 'f') ||
         (symbol >= 'A' && symbol <= 'F');
}

/// Whether the text holds the shape, in which each `x` stands for a hex digit.
bool holds(std::string_view text, std::string_view shape) {
  const auto fits = [](char symbol, char form) {
    return form == 'x' ? is_hex(symbol) : symbol == form;
  };
  return std::search(text.begin(), text.end(), shape.begin(), shape.end(), fits) != text.end();
}

bool has_user_information(std::string_view text) {
  const std::size_t scheme = text.find("://");
  if (scheme == std::string_view::npos) return false;
  const std::string_view rest = text.substr(scheme + 3);
  return rest.substr(0, rest.find_first_of("/?#")).find('@') != std::string_view::npos;
}

}  // namespace

bool names_secret(std::string_view key) {
  constexpr std::array<std::string_view, 4> kEndings{"key", "secret", "token", "password"};
  if (key == "public_key") return false;
  return std::ranges::any_of(kEndings,
                             [&](std::string_view ending) { return key.ends_with(ending); });
}

bool looks_secret(std::string_view text) {
  if (holds(text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")) return true;
  return text.find("mdb_sa_sk_") != std::string_view::npos || has_user_information(text);
}

std::string shown(std::string_view value) {
  // The second shape is most of a private key: one that was cut, or has a slip in it.
  if (looks_secret(value) || holds(value, "xxxx-xxxx-xxxx")) return std::string(kMask);
  std::size_t end = std::min(value.size(), kLongest);
  // The cut may not leave half a UTF-8 sequence behind.
  while (end > 0 && end < value.size() && (static_cast<unsigned char>(value[end]) & 0xc0) == 0x80)
    --end;
  std::string text;
  for (const char symbol : value.substr(0, end)) {
    const auto code = static_cast<unsigned char>(symbol);
    if (code < 0x20 || code == 0x7f) {
      text += fmt::format("\\x{:02x}", code);
    } else {
      text += symbol;
    }
  }
  return end == value.size() ? text : text + "...";
}

std::string shown(std::string_view key, std::string_view value) {
  return names_secret(key) ? std::string(kMask) : shown(value);
}

}  // namespace aka::base
