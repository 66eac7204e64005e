// Reads the head of an answer. It is read here and not by httplib, because httplib accepts heads of
// any size, percent-decodes header values (which breaks nonces), fails on interim answers other
// than a bare 100, and matches the status line with a regular expression that recurses by its
// length.
#include "http/head.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace aka::http {
namespace {

constexpr std::string_view kOpening = "HTTP/1.";
/// As many as answers rarely exceed, to allocate once.
constexpr std::size_t kUsualFields = 16;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Up to the next line feed, without it and a carriage return before it.
std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  auto line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

/// The status of "HTTP/1.x NNN[ reason]", nothing if that is not what the line says.
std::optional<int> status_of(std::string_view line) {
  if (line.substr(0, kOpening.size()) != kOpening || line.size() < 12) return std::nullopt;
  const auto code = line.substr(9, 3);
  const bool shaped = is_digit(line[7]) && line[8] == ' ' &&
                      std::all_of(code.begin(), code.end(), is_digit) && code[0] != '0' &&
                      (line.size() == 12 || line[12] == ' ');
  if (!shaped) return std::nullopt;
  return (code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0');
}

/// Calls `visit` with each element of a comma-separated value.
template <typename Visit>
void for_each_element(std::string_view value, Visit visit) {
  while (true) {
    const auto comma = std::min(value.find(','), value.size());
    visit(trimmed(value.substr(0, comma)));
    if (comma == value.size()) return;
    value.remove_prefix(comma + 1);
  }
}

bool add_field(std::string_view line, HeaderList& headers) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const auto name = line.substr(0, colon);
  // A space in or after the name, or at the line's beginning, is how smuggled headers look.
  const auto unfit = [](char c) { return c <= ' ' || c >= 0x7f; };
  if (std::any_of(name.begin(), name.end(), unfit)) return false;
  const auto value = trimmed(line.substr(colon + 1));
  if (value.find('\r') != std::string_view::npos || value.find('\0') != std::string_view::npos) {
    return false;
  }
  headers.emplace_back(name, value);
  return true;
}

/// What the framing headers say, before the status and method have their word.
struct BodyMarks {
  bool chunked = false;
  bool close = false;
  bool keep = false;
  std::optional<std::uint64_t> length;
  const char* wrong = nullptr;
};

void add_length(std::string_view text, BodyMarks& marks) {
  std::uint64_t length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (error != std::errc{} || end != text.data() + text.size()) {
    marks.wrong = "its Content-Length is no number";
  } else if (marks.length && *marks.length != length) {
    marks.wrong = "it gives two lengths";
  }
  marks.length = length;
}

BodyMarks read_marks(const HeaderList& headers) {
  BodyMarks marks;
  for (const auto& [name, value] : headers) {
    if (equal_ignoring_case(name, "Content-Length")) {
      for_each_element(value, [&](std::string_view text) { add_length(text, marks); });
    } else if (equal_ignoring_case(name, "Transfer-Encoding")) {
      if (marks.chunked || !equal_ignoring_case(value, "chunked")) {
        marks.wrong = "its Transfer-Encoding is not 'chunked'";
      }
      marks.chunked = true;
    } else if (equal_ignoring_case(name, "Connection")) {
      for_each_element(value, [&](std::string_view text) {
        marks.close = marks.close || equal_ignoring_case(text, "close");
        marks.keep = marks.keep || equal_ignoring_case(text, "keep-alive");
      });
    }
  }
  if (marks.chunked && marks.length) marks.wrong = "it gives a length and is chunked as well";
  return marks;
}

bool has_no_body(int status, std::string_view method) {
  return method == "HEAD" || method == "CONNECT" || status / 100 == 1 || status == 204 ||
         status == 304;
}

}  // namespace

tl::expected<Head, std::string> parse_head(std::string_view text, std::string_view method) {
  const auto status_line = take_line(text);
  const auto status = status_of(status_line);
  if (!status) return tl::unexpected<std::string>("it does not begin like an HTTP answer");
  Head head;
  head.status = *status;
  head.headers.reserve(kUsualFields);
  for (auto line = take_line(text); !line.empty(); line = take_line(text)) {
    if (!add_field(line, head.headers)) {
      return tl::unexpected<std::string>("it holds a malformed header line");
    }
  }
  const auto marks = read_marks(head.headers);
  if (marks.wrong != nullptr) return tl::unexpected<std::string>(marks.wrong);
  if (has_no_body(head.status, method)) {
    head.framing = Framing::none;
  } else if (marks.chunked) {
    head.framing = Framing::chunked;
  } else {
    head.framing = marks.length ? Framing::length : Framing::until_close;
    head.length = marks.length.value_or(0);
  }
  const bool persistent = status_line[7] == '0' ? marks.keep : true;
  head.keep_alive = persistent && !marks.close && head.framing != Framing::until_close;
  return head;
}

tl::unexpected<TransportError> HeadReader::fault(Failure failure, std::string message) const {
  return tl::unexpected(TransportError{failure, status_, std::move(message)});
}

bool HeadReader::begins_like_http() {
  const auto known = std::min(buffer_.size(), kOpening.size());
  if (buffer_.compare(0, known, kOpening, 0, known) != 0) return false;
  if (status_ != 0 || buffer_.find('\n') == std::string::npos) return true;
  std::string_view all = buffer_;
  status_ = status_of(take_line(all)).value_or(0);
  return status_ != 0;
}

std::size_t HeadReader::find_end() {
  for (auto at = buffer_.find('\n', scanned_); at != std::string::npos;
       at = buffer_.find('\n', at + 1)) {
    scanned_ = at;
    if (buffer_.compare(at + 1, 1, "\n") == 0) return at + 2;
    if (buffer_.compare(at + 1, 2, "\r\n") == 0) return at + 3;
  }
  return 0;
}

tl::expected<std::optional<Head>, TransportError> HeadReader::feed(std::string_view bytes) {
  started_ = started_ || !bytes.empty();
  buffer_ += bytes;
  while (!buffer_.empty()) {
    if (!begins_like_http()) return fault(Failure::unreadable, "the answer is no HTTP");
    const auto end = find_end();
    if (passed_ + (end == 0 ? buffer_.size() : end) > limit_) {
      return fault(Failure::too_large, fmt::format("the answer's headers exceed {} bytes", limit_));
    }
    if (end == 0) break;
    auto head = parse_head(std::string_view(buffer_).substr(0, end), method_);
    if (!head) return fault(Failure::unreadable, "the answer is no valid HTTP: " + head.error());
    if (head->status == 101) {
      return fault(Failure::unreadable, "the server switched to a protocol nobody asked for");
    }
    buffer_.erase(0, end);
    if (head->status / 100 != 1) return std::optional<Head>(std::move(*head));
    passed_ += end;
    scanned_ = 0;
    status_ = 0;
  }
  return std::optional<Head>();
}

}  // namespace aka::http
