#pragma once

#include <string>

#include "http/message.h"

namespace aka::atlas {

/// What the service says of a failure, as far as it can be read. Each may be empty.
struct ErrorBody {
  std::string code;         ///< `errorCode`, else the header X-Error-Code
  std::string detail;       ///< `detail`, else `error_description`, else `reason`
  std::string oauth_error;  ///< `error` where it is a text, as the token endpoint writes it
  bool html = false;        ///< the body is a page for browsers, as in an outage
};

/// Tolerates everything: a body that is not JSON is a body that says nothing.
ErrorBody read_error(const http::Answer& answer);

/// ` (HTTP 403, IP_ADDRESS_NOT_ON_ACCESS_LIST: "IP address ... is not allowed")`: what the service
/// said, for messages; cut, and masked where it looks like a secret.
std::string quote_answer(int status, const ErrorBody& error);

/// A 401 that says nothing but that the request was not authenticated: no code, or the meaningless
/// UNEXPECTED_ERROR. With any other code the service knew the caller and refused what it asked.
bool is_unauthenticated(const http::Answer& answer);

}  // namespace aka::atlas
