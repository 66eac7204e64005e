// A writer of JSON text. The library's tree would cost an allocation for each value, and its order
// of members is not the one that people should read.
#include "report/json_writer.h"

#include <array>

#include <fmt/format.h>

#include "base/utc_time.h"
#include "report/printable.h"

namespace aka::report {
namespace {

bool is_plain(char byte) { return byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\'; }

void append_escape(std::string& out, char32_t code) {
  if (code == '\n') {
    out += "\\n";
  } else if (code > 0xFFFF) {
    const auto offset = static_cast<std::uint32_t>(code - 0x10000);
    fmt::format_to(std::back_inserter(out), "\\u{:04x}\\u{:04x}", 0xD800 + (offset >> 10),
                   0xDC00 + (offset & 0x3FF));
  } else {
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<std::uint32_t>(code));
  }
}

void append_character(std::string& out, const Character& character) {
  if (!character.valid) {
    out += "\uFFFD";
  } else if (character.code == '"' || character.code == '\\') {
    out += '\\';
    out += character.bytes;
  } else if (is_hidden(character.code)) {
    append_escape(out, character.code);
  } else {
    out += character.bytes;
  }
}

void append_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && is_plain(text[plain])) ++plain;
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (!text.empty()) append_character(out, take_character(text));
  }
  out += '"';
}

}  // namespace

JsonWriter& JsonWriter::key(std::string_view name) {
  separate();
  append_string(out_, name);
  out_ += ':';
  comma_due_ = false;
  return *this;
}

JsonWriter& JsonWriter::text(std::string_view value) {
  separate();
  append_string(out_, value);
  return *this;
}

JsonWriter& JsonWriter::text_or_null(std::string_view value) {
  return value.empty() ? null() : text(value);
}

JsonWriter& JsonWriter::integer(std::int64_t value) {
  separate();
  fmt::format_to(std::back_inserter(out_), "{}", value);
  return *this;
}

JsonWriter& JsonWriter::seconds(std::chrono::milliseconds value) {
  separate();
  fmt::format_to(std::back_inserter(out_), "{}", static_cast<double>(value.count()) / 1000.0);
  return *this;
}

JsonWriter& JsonWriter::boolean(bool value) {
  separate();
  out_ += value ? "true" : "false";
  return *this;
}

JsonWriter& JsonWriter::null() {
  separate();
  out_ += "null";
  return *this;
}

JsonWriter& JsonWriter::time(base::WallTime value) {
  return value == base::WallTime{} ? null() : text(base::format_utc(value));
}

void JsonWriter::new_line() { line_due_ = true; }

JsonWriter& JsonWriter::open(char bracket) {
  separate();
  out_ += bracket;
  comma_due_ = false;
  return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
  if (std::exchange(line_due_, false)) out_ += '\n';
  out_ += bracket;
  comma_due_ = true;
  return *this;
}

void JsonWriter::separate() {
  if (comma_due_) out_ += ',';
  if (std::exchange(line_due_, false)) out_ += '\n';
  comma_due_ = true;
}

}  // namespace aka::report
