// Reads a request's headers, purely. httplib reads them too, but it decodes '%' in values (which
// breaks digest authentication), skips what it does not understand, and on 0.11.4 takes the first
// of two different lengths; so it is shown the request line alone.
#include "web/head.h"

#include <algorithm>
#include <charconv>

namespace aka::web {
namespace {

using namespace std::string_view_literals;

bool is_token(std::string_view text) {
  constexpr auto kMarks = "!#$%&'*+-.^_`|~"sv;
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

/// "METHOD target HTTP/1.x", one space each; what the words may be is httplib's to know, but 0.11.4
/// lets any number of spaces pass.
bool is_request_line(std::string_view line) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || last <= first + 1) return false;
  const auto target = line.substr(first + 1, last - first - 1);
  return is_token(line.substr(0, first)) && target.find_first_of(" \t") == std::string_view::npos &&
         line.substr(last).starts_with(" HTTP/1.");
}

bool names_close(const Headers& headers) {
  const auto [first, last] = headers.equal_range("Connection"sv);
  return std::any_of(first, last, [](const auto& header) {
    return lower_case(header.second).find("close") != std::string::npos;
  });
}

tl::unexpected<Refusal> refuse(int status, std::string text) {
  return tl::unexpected<Refusal>(Refusal{status, std::move(text)});
}

tl::expected<std::uint64_t, Refusal> body_length(const Headers& headers) {
  if (headers.find("Transfer-Encoding"sv) != headers.end()) {
    return refuse(411, "send the body with a Content-Length; transfer encodings are not taken");
  }
  const auto count = headers.count("Content-Length"sv);
  if (count == 0) return 0;
  const std::string_view text = headers.find("Content-Length"sv)->second;
  const char* const end = text.data() + text.size();
  std::uint64_t length = 0;
  const auto [stop, error] = std::from_chars(text.data(), end, length);
  if (count > 1 || text.empty() || stop != end || error != std::errc()) {
    return refuse(400, "the Content-Length is not one number");
  }
  return length;
}

}  // namespace

HeadScanner::State HeadScanner::look_at(std::string_view received) {
  for (; seen_ < received.size(); ++seen_) {
    const auto c = static_cast<unsigned char>(received[seen_]);
    const bool after_return = seen_ > 0 && received[seen_ - 1] == '\r';
    if (after_return != (c == '\n')) return State::malformed;
    if (c == 0x7f || (c < ' ' && c != '\t' && c != '\r' && c != '\n')) return State::malformed;
    if (c != '\n') continue;
    if (seen_ - line_start_ == 1) {
      ++seen_;
      return State::complete;
    }
    line_start_ = seen_ + 1;
  }
  return State::incomplete;
}

tl::expected<Head, Refusal> parse_head(std::string_view text) {
  Head head;
  const auto line_end = text.find("\r\n");
  head.line = text.substr(0, line_end);
  if (!is_request_line(head.line)) {
    return refuse(400, "the first line is not 'METHOD /path HTTP/1.1'");
  }
  text.remove_prefix(line_end + 2);
  for (auto end = text.find("\r\n"); end != 0 && end != std::string_view::npos;
       end = text.find("\r\n")) {
    const auto line = text.substr(0, end);
    const auto colon = std::min(line.find(':'), line.size());
    if (!is_token(line.substr(0, colon)) || colon == line.size()) {
      return refuse(400, "a header line is not 'name: value'");
    }
    head.headers.emplace(line.substr(0, colon), trim(line.substr(colon + 1)));
    text.remove_prefix(end + 2);
  }
  const auto length = body_length(head.headers);
  if (!length) return tl::unexpected<Refusal>(length.error());
  head.body_length = *length;
  head.keep_alive = head.line.ends_with(" HTTP/1.1") && !names_close(head.headers);
  const auto expect = head.headers.find("Expect"sv);
  head.expects_continue =
      expect != head.headers.end() && lower_case(expect->second) == "100-continue";
  return head;
}

}  // namespace aka::web
