#pragma once

#include <memory>
#include <string>

#include <doctest/doctest.h>

#include "support/tcp_client.h"
#include "web/listener.h"

namespace aka::web {

/// A listener on a free loopback port.
inline std::unique_ptr<Listener> listen_with(Handler handler, ListenerOptions options = {}) {
  if (options.address.host.empty()) options.address.host = "127.0.0.1";
  auto listener = Listener::start(std::move(options), std::move(handler));
  REQUIRE_MESSAGE(listener, (listener ? std::string() : listener.error().message));
  return std::move(*listener);
}

inline Response hello(const Request&) { return plain(200, "hello"); }

inline const std::string kGet = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

inline bool answers(int port) {
  auto client = tests::TcpClient::to(port);
  client.send(kGet);
  return client.read_answer().starts_with("HTTP/1.1 200 OK\r\n");
}

/// The part of an answer after its headers.
inline std::string body_of(const std::string& answer) {
  const auto end = answer.find("\r\n\r\n");
  return end == std::string::npos ? std::string() : answer.substr(end + 4);
}

}  // namespace aka::web
