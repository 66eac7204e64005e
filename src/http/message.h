#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

namespace aka::http {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method = "GET";
  std::string target = "/";  ///< path and query as they go on the wire, already percent-encoded
  /// Besides Host, User-Agent, Connection and what describes the body, which the transport sets.
  HeaderList headers = {};
  std::string body = {};
  std::string content_type = {};  ///< of the body; empty without one
  std::size_t body_limit =
      std::size_t{1024} * 1024;  ///< bytes of answer body that are still accepted
  std::size_t header_limit =
      std::size_t{64} * 1024;  ///< bytes of answer head, all interim answers included
  /// The headers of a repetition on a new connection, where the same ones twice would look like a
  /// replay; unset: the same.
  std::function<HeaderList()> renewed_headers = {};
};

struct Answer {
  int status = 0;
  HeaderList headers;  ///< in the order sent, values trimmed and otherwise untouched
  std::string body;

  /// The first value of that header, whatever its case; nullptr without one.
  const std::string* header(std::string_view name) const;
  /// Every value of that header, in the order sent.
  std::vector<std::string_view> all_headers(std::string_view name) const;
};

/// Why there is no answer. All but `stopped` and `invalid_request` may pass by themselves.
enum class Failure {
  timeout,          ///< the deadline passed, in whichever phase
  connect,          ///< refused, unreachable, or closed before the first byte of an answer
  dns,              ///< the name has no address, or the name servers gave none
  tls,              ///< no handshake, or a certificate that does not verify
  proxy,            ///< the proxy cannot be reached or refuses the tunnel (407 too)
  too_large,        ///< the head or the body exceeds the request's limit
  unreadable,       ///< bytes came but are no HTTP answer, or the answer was cut short
  stopped,          ///< a stop was requested
  invalid_request,  ///< the request cannot be put on the wire, as with a line break in a header
};

struct TransportError {
  Failure failure = Failure::connect;
  int status = 0;       ///< of the answer that then failed, if its status line was read
  std::string message;  ///< for people; never holds a target, a header value or a body
};

using Exchange = tl::expected<Answer, TransportError>;

/// Header names and the like compare without regard to ASCII case.
bool equal_ignoring_case(std::string_view left, std::string_view right);

}  // namespace aka::http
