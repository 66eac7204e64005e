// Refuses requests that would say something else on the wire (RFC 9112 sections 3 and 5).
#include "http/request_check.h"

#include <algorithm>

#include <fmt/format.h>

namespace aka::http {
namespace {

bool is_token(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kMarks.find(c) != std::string_view::npos;
  });
}

bool is_field_value(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto code = static_cast<unsigned char>(c);
    return (code < 0x20 && c != '\t') || code == 0x7f;
  });
}

bool is_target(std::string_view text) {
  return !text.empty() && text.front() == '/' &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

bool is_ours(std::string_view name) {
  constexpr std::string_view kOurs[] = {"Host", "Connection", "Content-Length",
                                        "Transfer-Encoding"};
  return std::any_of(std::begin(kOurs), std::end(kOurs),
                     [&](std::string_view ours) { return equal_ignoring_case(name, ours); });
}

}  // namespace

std::optional<std::string> what_is_unfit(const Request& request) {
  if (!is_token(request.method)) return "the method is not a word";
  if (!is_target(request.target)) {
    return "the target must begin with '/' and hold no space, line break or other raw character";
  }
  if (!is_field_value(request.content_type)) return "the content type holds a control character";
  for (const auto& [name, value] : request.headers) {
    if (!is_token(name)) return "a header name is not a word";
    if (is_ours(name)) return fmt::format("the header {} is set by the transport alone", name);
    if (!is_field_value(value)) {
      return fmt::format("the header {} holds a line break or another control character", name);
    }
  }
  return std::nullopt;
}

}  // namespace aka::http
