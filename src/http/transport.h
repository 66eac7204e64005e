#pragma once

#include "http/message.h"
#include "http/until.h"

namespace aka::http {

/// Carries one request at a time to one origin. Used by one thread at a time.
class HttpTransport {
 public:
  virtual ~HttpTransport() = default;

  /// One request and its whole answer. Redirects are answers and are not followed. Returns by
  /// its deadline, or as soon as a stop is requested, name lookup included. Throws nothing but
  /// bad_alloc.
  virtual Exchange send(const Request& request, const Until& until) = 0;

  /// Closes the kept connection, if there is one; the next send() opens another.
  virtual void drop_idle() = 0;
};

}  // namespace aka::http
