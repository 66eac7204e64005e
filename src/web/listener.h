#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/duration.h"
#include "base/listen_address.h"
#include "base/result.h"
#include "web/http.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace aka::web {

struct ListenerOptions {
  base::ListenAddress address;

  std::size_t header_budget =
      std::size_t{32} * 1024;  ///< bytes of a request's line and headers; more is a 431
  std::size_t body_budget = std::size_t{1024} * 1024;  ///< bytes of a request's body; more is a 413
  /// From the first byte of a request to the end of its headers, and the TLS handshake.
  base::Duration header_deadline = std::chrono::seconds(10);
  base::Duration body_deadline = std::chrono::seconds(30);  ///< for a whole request body
  base::Duration answer_deadline =
      std::chrono::seconds(30);  ///< for a whole answer, generated or not
  base::Duration idle_timeout = std::chrono::seconds(120);  ///< between two requests

  /// At the cap the connection that waits longest without having sent a whole request makes room;
  /// where there is none, one whose peer has taken longest to read; else the newcomer gets a 503.
  std::size_t max_connections = 256;
  std::size_t max_requests = 10'000;  ///< on one connection; the last answer closes it

  /// Asked for each new connection; unset: plain HTTP. It may give another context at any time; a
  /// nullptr refuses the connection. Called on the listener's thread.
  std::function<std::shared_ptr<ssl_ctx_st>()> tls;
  /// Asked for each new connection: true holds it open and never says a word, not even a TLS
  /// handshake. Called on the listener's thread.
  std::function<bool()> mute;
  /// Told of exceptions of handlers and generators, on their threads; for the log.
  std::function<void(std::string_view)> on_failure;
};

/// An HTTP/1.1 server on one address. One thread accepts, each connection has a thread for as long
/// as it lives. Every wait for a peer has a deadline, all memory that a peer can claim is bounded.
/// All signals are blocked on its threads.
class Listener {
 public:
  /// Bound and accepting when it returns. `busy` when somebody else listens on the address.
  static base::Result<std::unique_ptr<Listener>> start(ListenerOptions options, Handler handler);
  /// Stops.
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  int port() const;
  std::string address() const;  ///< host and the port it got: "127.0.0.1:9974"

  /// For connections that begin to wait for their next request from now on. Any thread.
  void set_idle_timeout(base::Duration timeout);

  /// Cuts every connection and waits for the threads, so for handlers that are running: a sink
  /// answers false from now on, but what else a handler waits for its owner must end. Once only
  /// from one thread; later calls do nothing.
  void stop();

 private:
  class Impl;
  explicit Listener(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace aka::web
