#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "http/transport.h"

namespace aka::testing {

/// An HttpTransport without a network. Each send() is recorded and answered by the next step of the
/// script; past its end every request fails as `connect`. Not for several threads.
class ScriptedTransport : public http::HttpTransport {
 public:
  using Step = std::function<http::Exchange(const http::Request&)>;

  ScriptedTransport& then(Step step) {
    steps_.push_back(std::move(step));
    return *this;
  }

  ScriptedTransport& then_answer(int status, std::string body = {}, http::HeaderList headers = {}) {
    return then([answer = http::Answer{status, std::move(headers), std::move(body)}](
                    const http::Request&) -> http::Exchange { return answer; });
  }

  ScriptedTransport& then_fail(http::Failure failure, int status = 0) {
    return then([failure, status](const http::Request&) -> http::Exchange {
      return tl::unexpected(http::TransportError{failure, status, "scripted failure"});
    });
  }

  http::Exchange send(const http::Request& request, const http::Until& until) override {
    requests.push_back(request);
    deadlines.push_back(until.deadline);
    if (until.stop.requested()) {
      return tl::unexpected(http::TransportError{http::Failure::stopped, 0, "stopped"});
    }
    if (steps_.empty()) {
      return tl::unexpected(
          http::TransportError{http::Failure::connect, 0, "the script has no further answer"});
    }
    auto step = std::move(steps_.front());
    steps_.pop_front();
    return step(request);
  }

  void drop_idle() override { ++dropped; }

  std::size_t steps_left() const { return steps_.size(); }

  std::vector<http::Request> requests;  ///< every one that was sent, in order
  std::vector<std::chrono::steady_clock::time_point> deadlines;
  int dropped = 0;  ///< calls of drop_idle()

 private:
  std::deque<Step> steps_;
};

}  // namespace aka::testing
