#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "support/loopback_server.h"

namespace aka::testing {

/// A web server on loopback that keeps every request as it came, and answers as the test says: at
/// first 200 to all. Over TLS if it is given an identity.
class RecordingReceiver {
 public:
  /// The whole answer, or nothing: the connection closes. `request` is head and body.
  using Answer = std::function<std::string(const std::string& request)>;

  explicit RecordingReceiver(std::optional<Identity> identity = std::nullopt,
                             std::string client_authority = {})
      : identity_(std::move(identity)), client_authority_(std::move(client_authority)) {}

  std::uint16_t port() const { return server_.port(); }
  int connections() const { return server_.connections(); }

  void answer(Answer answer) {
    const std::scoped_lock lock(mutex_);
    answer_ = std::move(answer);
  }
  void answer_with(int status, const std::string& headers = {}, const std::string& body = {}) {
    answer([text = text_of(status, headers, body)](const std::string&) { return text; });
  }
  void go_down() {
    answer([](const std::string&) { return std::string(); });
  }

  /// Those that were answered, so not while it was down.
  std::vector<std::string> requests() const {
    const std::scoped_lock lock(mutex_);
    return requests_;
  }

  static std::string text_of(int status, const std::string& headers, const std::string& body) {
    return "HTTP/1.1 " + std::to_string(status) +
           " x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers + "\r\n" +
           body;
  }

 private:
  void play(Peer& peer) {
    if (identity_ &&
        !(client_authority_.empty() ? peer.start_tls(*identity_)
                                    : peer.start_tls_for(*identity_, client_authority_))) {
      return;
    }
    for (auto request = peer.read_request(); !request.empty(); request = peer.read_request()) {
      Answer answer;
      {
        const std::scoped_lock lock(mutex_);
        answer = answer_;
      }
      const std::string text = answer(request);
      if (text.empty()) return;
      {
        const std::scoped_lock lock(mutex_);
        requests_.push_back(std::move(request));
      }
      if (!peer.send(text)) return;
    }
  }

  const std::optional<Identity> identity_;
  const std::string client_authority_;
  mutable std::mutex mutex_;  ///< guards what follows
  Answer answer_ = [](const std::string&) { return text_of(200, "", "ok"); };
  std::vector<std::string> requests_;
  LoopbackServer server_{[this](Peer& peer, int) { play(peer); }};
};

inline std::string_view body_of(std::string_view request) {
  return request.substr(request.find("\r\n\r\n") + 4);
}

/// The value of a header of a request; empty without it.
inline std::string header_of(std::string_view request, const std::string& name) {
  const auto at = request.find("\r\n" + name + ": ");
  if (at == std::string_view::npos) return {};
  const auto begin = at + name.size() + 4;
  return std::string(request.substr(begin, request.find("\r\n", begin) - begin));
}

}  // namespace aka::testing
