// Where to listen. Entry point: parse_listen_address(), for the settings and the command line.
#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/redaction.h"
#include "settings/settings.h"

namespace aka::settings {
namespace {

bool is_host(std::string_view text) {
  return std::ranges::all_of(text, [](char symbol) {
    return (symbol >= 'a' && symbol <= 'z') || (symbol >= 'A' && symbol <= 'Z') ||
           (symbol >= '0' && symbol <= '9') || symbol == '.' || symbol == '-' || symbol == '_';
  });
}

bool is_ipv6_text(std::string_view text) {
  return text.find(':') != std::string_view::npos &&
         text.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
}

}  // namespace

base::Result<ListenAddress> parse_listen_address(std::string_view text) {
  const auto bad = [&] {
    return base::fail(base::ErrorKind::invalid_input,
                      fmt::format("'{}' is no address to listen on; write it like 127.0.0.1:9974, "
                                  "[::1]:9974 or :9974",
                                  base::shown(text)));
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad();
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  ListenAddress address;
  const auto [end, failure] =
      std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
  if (digits.empty() || failure != std::errc() || end != digits.data() + digits.size())
    return bad();
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (bracketed ? !is_ipv6_text(host) : !is_host(host)) return bad();
  address.host = std::string(host);
  return address;
}

}  // namespace aka::settings
