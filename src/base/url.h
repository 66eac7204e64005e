#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace aka::base {

enum class Scheme { http, https };

/// The server a request goes to.
struct Origin {
  Scheme scheme = Scheme::https;
  std::string host;  ///< lower case; an IPv6 address without its brackets
  std::uint16_t port = 443;

  bool operator==(const Origin&) const = default;

  /// "host:port", with brackets around an IPv6 address: for CONNECT and for messages.
  std::string authority() const;
  /// The value of the Host header: the port only where it is not the scheme's own.
  std::string host_header() const;
};

struct Url {
  Origin origin;
  std::string target;  ///< path and query as written; empty without one

  bool operator==(const Url&) const = default;
};

/// An absolute http or https URL. User names and passwords, fragments, spaces and control
/// characters are errors. The error never repeats the text, since a URL may be a secret.
Result<Url> parse_url(std::string_view text);

/// Whether a host is this machine by its name alone: localhost, 127.0.0.0/8, ::1.
bool is_loopback(const std::string& host);

/// A URL without path and query, as of a proxy.
Result<Origin> parse_origin(std::string_view text);

}  // namespace aka::base
