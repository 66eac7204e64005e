// Reads and prints "host:port". The last colon divides; an IPv6 address therefore needs brackets.
#include "base/listen_address.h"

#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "base/redaction.h"

namespace aka::base {
namespace {

std::optional<int> parse_port(std::string_view text) {
  int port = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  if (text.empty() || error != std::errc() || stop != end || text[0] == '-' || port > 65535) {
    return std::nullopt;
  }
  return port;
}

/// Without the brackets of an IPv6 address, which needs them.
std::optional<std::string> parse_host(std::string_view text) {
  const bool bracketed = text.size() > 2 && text.front() == '[' && text.back() == ']';
  if (bracketed) text = text.substr(1, text.size() - 2);
  if (text.find_first_of("[]/ ") != std::string_view::npos) return std::nullopt;
  if (bracketed != (text.find(':') != std::string_view::npos)) return std::nullopt;
  return std::string(text);
}

}  // namespace

Result<ListenAddress> parse_listen_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon != std::string_view::npos) {
    auto host = parse_host(text.substr(0, colon));
    const auto port = parse_port(text.substr(colon + 1));
    if (host && port) return ListenAddress{std::move(*host), *port};
  }
  return fail(ErrorKind::invalid_input,
              fmt::format("'{}' is no address to listen on; write it like 127.0.0.1:9974, "
                          "[::1]:9974 or :9974",
                          shown(text)));
}

std::string to_string(const ListenAddress& address) {
  const bool bracketed = address.host.find(':') != std::string::npos;
  return bracketed ? fmt::format("[{}]:{}", address.host, address.port)
                   : fmt::format("{}:{}", address.host, address.port);
}

}  // namespace aka::base
