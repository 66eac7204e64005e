#pragma once

#include <chrono>

#include "base/stop.h"
#include "http/message.h"

namespace aka::http {

/// Carries one request at a time to one origin. Used by one thread at a time.
class HttpTransport {
 public:
  virtual ~HttpTransport() = default;

  /// One request and its whole answer. Redirects are answers and are not followed. Returns by
  /// `deadline` (real time, whatever clock the caller schedules by) or as soon as `stop` is
  /// requested, name lookup included. Throws nothing but bad_alloc.
  virtual Exchange send(const Request& request, std::chrono::steady_clock::time_point deadline,
                        const base::StopSignal& stop) = 0;

  /// Closes the kept connection, if there is one; the next send() opens another.
  virtual void drop_idle() = 0;
};

}  // namespace aka::http
