#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/duration.h"
#include "web/http.h"
#include "web/listener.h"
#include "web/transport.h"

namespace aka::web {

/// What all connections of a listener share. Constant but for the atomics.
struct Service {
  ListenerOptions options;
  Handler handler;
  std::atomic<base::Duration::rep> idle_timeout;
};

/// What a connection waits for, written by its thread and read by the one that accepts. The two
/// values may be seen out of step, which at worst picks another connection to make room.
class Progress {
 public:
  enum class Phase {
    request,  ///< for a whole request, the handshake included
    handler,
    answer,  ///< for the peer to read
  };

  void enter(Phase phase) {
    since_.store(std::chrono::steady_clock::now(), std::memory_order_relaxed);
    phase_.store(phase, std::memory_order_relaxed);
  }
  Phase phase() const { return phase_.load(std::memory_order_relaxed); }
  Instant since() const { return since_.load(std::memory_order_relaxed); }

 private:
  std::atomic<Phase> phase_{Phase::request};
  std::atomic<Instant> since_{std::chrono::steady_clock::now()};
};

/// An accepted connection, as the accepting thread hands it over.
struct Accepted {
  int descriptor;      ///< stays the accepting thread's
  std::string remote;  ///< the peer, for Request::remote
  std::shared_ptr<ssl_ctx_st> context;
  bool mute = false;
};

/// Serves a connection until it is over, on the calling thread. The descriptor is ready to close
/// then, or to be reset.
void serve_connection(const Accepted& accepted, const Service& service, Progress& progress);

}  // namespace aka::web
