#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

struct ssl_st;
struct ssl_ctx_st;

namespace aka::web {

/// Of the clock that poll(2) counts by.
using Instant = std::chrono::steady_clock::time_point;

enum class Io {
  done,
  closed,  ///< the peer is gone, or the connection was shut down from our side
  late,    ///< the deadline came first
};

/// The bytes of one accepted connection, plain or TLS. Every wait has a deadline, and a read
/// that need not wait none; shutdown(2) on
/// the descriptor, from any thread, ends it at once. One thread at a time.
class Transport {
 public:
  /// `descriptor` is non-blocking and stays the caller's; `context` is empty for plain TCP.
  Transport(int descriptor, std::shared_ptr<ssl_ctx_st> context);
  ~Transport();
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  Io handshake(Instant deadline);  ///< at once when plain
  /// Appends what has arrived, at least a byte and at most 16 KiB, to `into`.
  Io read(std::string& into, Instant deadline);
  Io write(std::string_view block, Instant deadline);
  /// Says that no more comes, and reads a little of what the peer still sends: a close with unread
  /// bytes would be a reset, and could take the last answer with it.
  void finish();

 private:
  Io wait(short events, Instant deadline) const;
  Io again(int result, Instant deadline) const;

  int descriptor_;
  std::shared_ptr<ssl_ctx_st> context_;
  ssl_st* tls_ = nullptr;
  bool broken_ = false;  ///< OpenSSL forbids a shutdown after a fatal error
};

/// Gathers small writes, so that headers and a short body leave as one packet. After a failure it
/// stays failed.
class Writer {
 public:
  explicit Writer(Transport& transport) : transport_(transport) {}

  void set_deadline(Instant deadline) { deadline_ = deadline; }
  bool write(std::string_view block);
  bool flush();

 private:
  Transport& transport_;
  Instant deadline_{};
  std::string gathered_;
  bool open_ = true;
};

}  // namespace aka::web
