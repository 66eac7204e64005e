// Reads a settings file as text. Entry point: read_text(). Bytes are checked here because yaml-cpp
// repairs invalid UTF-8 silently and takes the control character 0x04 for the end of the file.
#include "settings/text_file.h"

#include <cerrno>
#include <cstdint>
#include <fstream>
#include <memory>
#include <system_error>

#include <fmt/format.h>

namespace aka::settings {
namespace {

constexpr std::uintmax_t kLargest = std::uintmax_t{64} << 20;

base::Mark whole(const std::filesystem::path& path) {
  return {std::make_shared<const std::string>(path.string()), 0, 0};
}

bool is_text_byte(unsigned code) {
  return code >= 0x20 ? code != 0x7f : code == '\t' || code == '\n' || code == '\r';
}

/// The length of the UTF-8 sequence that begins at `at`; 0 if none does.
std::size_t sequence_length(const std::string& text, std::size_t at) {
  const auto byte = [&](std::size_t i) -> unsigned {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return is_text_byte(first) ? 1 : 0;
  if (first < 0xc2 || first > 0xf4) return 0;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80U) return 0;
  }
  const bool overlong = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xf0 && byte(1) < 0x90);
  const bool surrogate = first == 0xed && byte(1) >= 0xa0;
  const bool beyond_unicode = first == 0xf4 && byte(1) >= 0x90;
  return overlong || surrogate || beyond_unicode ? 0 : length;
}

bool check_bytes(const std::string& text, base::Mark mark, base::Diagnostics& diagnostics) {
  mark.line = 1;
  std::size_t line_start = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = sequence_length(text, at);
    if (length == 0) {
      mark.column = at - line_start + 1;
      const auto byte = static_cast<unsigned char>(text[at]);
      diagnostics.error(
          mark,
          byte < 0x80
              ? fmt::format("the control character 0x{:02x} has no place in a text file", byte)
              : fmt::format("byte 0x{:02x} is not UTF-8 text; save the file as UTF-8", byte));
      return false;
    }
    if (text[at] == '\n') {
      ++mark.line;
      line_start = at + 1;
    }
    at += length;
  }
  return true;
}

}  // namespace

std::optional<std::string> read_text(const std::filesystem::path& path,
                                     base::Diagnostics& diagnostics) {
  const base::Mark mark = whole(path);
  std::error_code failure;
  const auto status = std::filesystem::status(path, failure);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    diagnostics.error(mark, "cannot read the configuration: this is no regular file");
    return std::nullopt;
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  const std::uintmax_t size = file ? std::filesystem::file_size(path, failure) : 0;
  if (!file || failure) {
    diagnostics.error(
        mark, fmt::format("cannot read the configuration: {}",
                          std::generic_category().message(failure ? failure.value() : errno)));
    return std::nullopt;
  }
  if (size > kLargest) {
    diagnostics.error(mark, fmt::format("the file has {} MiB; at most {} are read. Split the keys "
                                        "over several files of one directory",
                                        size >> 20, kLargest >> 20));
    return std::nullopt;
  }
  std::string text(size, '\0');
  file.read(text.data(), static_cast<std::streamsize>(size));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (!check_bytes(text, mark, diagnostics)) return std::nullopt;
  return text;
}

}  // namespace aka::settings
