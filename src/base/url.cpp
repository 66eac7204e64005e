// Reads absolute http and https URLs; parse_url() is the entry point. Strict on purpose: a host
// that is read one way here and another way by a proxy or a certificate check is an attack.
#include "base/url.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>

#include <fmt/format.h>

namespace aka::base {
namespace {

constexpr std::uint16_t default_port(Scheme scheme) { return scheme == Scheme::https ? 443 : 80; }

Result<Scheme> take_scheme(std::string_view& rest) {
  const auto end = rest.find("://");
  const auto name = rest.substr(0, end);
  if (end != std::string_view::npos) rest.remove_prefix(end + 3);
  std::string lowered(name);
  for (char& c : lowered) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  if (end != std::string_view::npos && lowered == "https") return Scheme::https;
  if (end != std::string_view::npos && lowered == "http") return Scheme::http;
  return fail(ErrorKind::invalid_input, "a URL must start with https:// or http://");
}

Result<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0) {
    return fail(ErrorKind::invalid_input, "the port of a URL must be a number from 1 to 65535");
  }
  return port;
}

bool is_ipv6(const std::string& text) {
  in6_addr unused{};
  return ::inet_pton(AF_INET6, text.c_str(), &unused) == 1;
}

Result<std::string> parse_host(std::string_view text) {
  std::string host(text);
  for (char& c : host) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const bool known =
        (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    if (!known) {
      return fail(ErrorKind::invalid_input,
                  "the host of a URL may hold letters, digits, '.', '-' and '_' only; write an "
                  "international name in its xn-- form and an IPv6 address in brackets");
    }
  }
  if (host.empty() || host.front() == '.' || host.size() > 253) {
    return fail(ErrorKind::invalid_input, "the URL names no host");
  }
  return host;
}

/// "[v6]", "[v6]:port", "name", "name:port".
Result<Origin> parse_authority(Scheme scheme, std::string_view text) {
  Origin origin{scheme, {}, default_port(scheme)};
  std::string_view port;
  if (!text.empty() && text.front() == '[') {
    const auto end = text.find(']');
    origin.host = std::string(text.substr(1, end == std::string_view::npos ? end : end - 1));
    const auto after = end == std::string_view::npos ? end : end + 1;
    const bool ends_well = after == text.size() || (after < text.size() && text[after] == ':');
    if (!ends_well || !is_ipv6(origin.host)) {
      return fail(ErrorKind::invalid_input, "the brackets of a URL must hold an IPv6 address");
    }
    port = text.substr(after);
  } else {
    const auto colon = std::min(text.find(':'), text.size());
    auto host = parse_host(text.substr(0, colon));
    if (!host) return tl::unexpected(std::move(host.error()));
    origin.host = std::move(*host);
    port = text.substr(colon);
  }
  if (port.empty()) return origin;
  const auto number = parse_port(port.substr(1));
  if (!number) return tl::unexpected(number.error());
  origin.port = *number;
  return origin;
}

}  // namespace

std::string Origin::authority() const {
  const bool v6 = host.find(':') != std::string::npos;
  return v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

std::string Origin::host_header() const {
  if (port != default_port(scheme)) return authority();
  return host.find(':') != std::string::npos ? fmt::format("[{}]", host) : host;
}

Result<Url> parse_url(std::string_view text) {
  const auto unclean = [](char c) { return c <= ' ' || c >= 0x7f || c == '\\'; };
  if (std::any_of(text.begin(), text.end(), unclean)) {
    return fail(ErrorKind::invalid_input,
                "a URL may not hold spaces, control characters, backslashes or letters outside "
                "ASCII; percent-encode them");
  }
  if (text.find('#') != std::string_view::npos) {
    return fail(ErrorKind::invalid_input, "a URL may not hold a fragment ('#...') here");
  }
  auto rest = text;
  const auto scheme = take_scheme(rest);
  if (!scheme) return tl::unexpected(scheme.error());
  const auto end = std::min(rest.find_first_of("/?"), rest.size());
  if (rest.substr(0, end).find('@') != std::string_view::npos) {
    return fail(ErrorKind::invalid_input,
                "a URL may not hold a user name or password; use the settings made for secrets");
  }
  auto origin = parse_authority(*scheme, rest.substr(0, end));
  if (!origin) return tl::unexpected(std::move(origin.error()));
  std::string target(rest.substr(end));
  if (!target.empty() && target.front() == '?') target.insert(target.begin(), '/');
  return Url{std::move(*origin), std::move(target)};
}

bool is_loopback(const std::string& host) {
  const auto in_127 = [&] {
    return host.starts_with("127.") && std::ranges::count(host, '.') == 3 &&
           host.find_first_not_of("0123456789.") == std::string::npos;
  };
  return host == "localhost" || host == "::1" || in_127();
}

Result<Origin> parse_origin(std::string_view text) {
  auto url = parse_url(text);
  if (!url) return tl::unexpected(std::move(url.error()));
  if (!url->target.empty() && url->target != "/") {
    return fail(ErrorKind::invalid_input,
                "this URL may not have a path; give scheme, host and port");
  }
  return std::move(url->origin);
}

}  // namespace aka::base
