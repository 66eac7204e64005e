#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "http/transport.h"

namespace aka::atlas {

/// One request that went to the API.
struct Sent {
  int code = 0;                     ///< the status; 0 without an answer
  std::chrono::nanoseconds took{};  ///< from its start to the last byte, or to the failure
};

/// What one poll has at hand: its connection, its deadline, its stop, and where requests are
/// counted. Lives as long as the poll; used by one thread.
class Line {
 public:
  /// All references must outlive the line. `base_path` goes before every path of the service:
  /// empty, or "/prefix".
  Line(http::HttpTransport& transport, std::string base_path, const base::Clock& clock,
       const http::Until& until)
      : transport_(transport), base_path_(std::move(base_path)), clock_(clock), until_(until) {}

  /// Sends a request to the API; counted for take_sent().
  http::Exchange send(const http::Request& request);
  /// Sends a request to the token endpoint, which has a limit of its own; not counted.
  http::Exchange send_aside(const http::Request& request);

  std::vector<Sent> take_sent() { return std::move(sent_); }
  const std::string& base_path() const { return base_path_; }
  const base::Clock& clock() const { return clock_; }
  const http::Until& until() const { return until_; }

 private:
  http::HttpTransport& transport_;
  std::string base_path_;
  const base::Clock& clock_;
  const http::Until until_;
  std::vector<Sent> sent_;
};

}  // namespace aka::atlas
