#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "support/certificates.h"

struct ssl_st;

namespace aka::testing {

/// The server's end of one connection, for a script to play. Nothing throws; what is sent to a
/// client that has left goes nowhere.
class Peer {
 public:
  explicit Peer(int descriptor) : descriptor_(descriptor) {}
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  /// The server's side of a handshake. False if it fails.
  bool start_tls(const Identity& identity);
  /// The same with the newest version that the server speaks given as OpenSSL's number.
  bool start_tls(const Identity& identity, int newest_version);
  /// The same, asking for a certificate that this authority (PEM) has issued. A client without one
  /// learns of it from its first read.
  bool start_tls_for(const Identity& identity, const std::string& authority);
  std::string server_name() const;  ///< what the client's hello asked for (SNI)

  /// Head and body (by Content-Length) of the next request; empty once the client has left.
  std::string read_request();
  /// At least one byte, or empty once the client has left.
  std::string receive();
  bool send(std::string_view bytes);
  /// One byte at a time, a pause before each, until all is sent or the client has left.
  void drip(std::string_view bytes, std::chrono::milliseconds pause);
  void garble();  ///< bytes that are no TLS, beneath TLS
  void wait_until_gone();
  /// After the client has left: whether it ended TLS before.
  bool was_told_goodbye() const;

  void close();  ///< orderly, TLS included
  void cut();    ///< the TCP connection ends, TLS is not told
  void reset();  ///< ends with a RST

 private:
  friend class LoopbackServer;
  int descriptor_;
  ssl_st* ssl_ = nullptr;
  std::string unread_;
};

/// Listens on 127.0.0.1, a port of its own, and plays a script for every connection, each on a
/// thread. Destruction cuts all connections and waits for the scripts.
class LoopbackServer {
 public:
  /// `number` counts connections from 0.
  using Script = std::function<void(Peer& peer, int number)>;

  explicit LoopbackServer(Script script);
  ~LoopbackServer();

  std::uint16_t port() const { return port_; }
  int connections() const { return accepted_; }
  /// Waits until the scripts of that many connections have ended.
  void wait_for_ended(int count);

 private:
  struct Session;
  void accept_all();
  void play(Session& session, int number);

  Script script_;
  int listener_;
  std::uint16_t port_ = 0;
  std::atomic<int> accepted_{0};
  std::mutex mutex_;  ///< guards what follows
  std::condition_variable ended_changed_;
  int ended_ = 0;
  std::list<std::unique_ptr<Session>> sessions_;
  std::thread acceptor_;
};

}  // namespace aka::testing
