// Non-blocking reads and writes that wait in poll(2) until a deadline, over TCP or OpenSSL.
// Plain writes say MSG_NOSIGNAL; OpenSSL's cannot, so the listener's threads block SIGPIPE.
#include "web/transport.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <poll.h>
#include <sys/socket.h>

#include <climits>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace aka::web {
namespace {

constexpr std::size_t kBlock = std::size_t{16} * 1024;
constexpr std::size_t kMostDrained = std::size_t{1024} * 1024;
constexpr std::chrono::seconds kDrainTime(1);

int milliseconds_until(Instant deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<long long>(left.count(), 0, INT_MAX));
}

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

Transport::Transport(int descriptor, std::shared_ptr<ssl_ctx_st> context)
    : descriptor_(descriptor), context_(std::move(context)) {
  if (!context_) return;
  tls_ = SSL_new(context_.get());
  if (tls_ == nullptr) return;
  SSL_set_mode(tls_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_set_fd(tls_, descriptor_);
}

Transport::~Transport() { SSL_free(tls_); }

Io Transport::wait(short events, Instant deadline) const {
  pollfd entry{.fd = descriptor_, .events = events, .revents = 0};
  const int left = milliseconds_until(deadline);
  return left > 0 && ::poll(&entry, 1, left) != 0 ? Io::done : Io::late;
}

Io Transport::again(int result, Instant deadline) const {
  switch (SSL_get_error(tls_, result)) {
    case SSL_ERROR_WANT_READ:
      return wait(POLLIN, deadline);
    case SSL_ERROR_WANT_WRITE:
      return wait(POLLOUT, deadline);
    default:
      return Io::closed;
  }
}

Io Transport::handshake(Instant deadline) {
  if (!context_) return Io::done;
  for (;;) {
    if (tls_ == nullptr) return Io::closed;
    ERR_clear_error();
    const int result = SSL_accept(tls_);
    if (result == 1) return Io::done;
    const Io outcome = again(result, deadline);
    broken_ = outcome != Io::done;
    if (broken_) return outcome;
  }
}

Io Transport::read(std::string& into, Instant deadline) {
  std::array<char, kBlock> block;
  for (;;) {
    Io outcome = Io::closed;
    ssize_t got = 0;
    if (tls_ != nullptr) {
      ERR_clear_error();
      got = SSL_read(tls_, block.data(), static_cast<int>(block.size()));
      if (got <= 0) outcome = again(static_cast<int>(got), deadline);
      broken_ = broken_ || (got <= 0 && outcome == Io::closed);
    } else {
      got = ::recv(descriptor_, block.data(), block.size(), 0);
      if (got < 0 && would_block()) outcome = wait(POLLIN, deadline);
    }
    if (got > 0) {
      into.append(block.data(), static_cast<std::size_t>(got));
      return Io::done;
    }
    if (outcome != Io::done) return outcome;
  }
}

Io Transport::write(std::string_view block, Instant deadline) {
  while (!block.empty()) {
    // A peer that reads all the time is never waited for: the deadline must hold for it too.
    if (milliseconds_until(deadline) == 0) return Io::late;
    Io outcome = Io::closed;
    ssize_t sent = 0;
    if (tls_ != nullptr) {
      ERR_clear_error();
      sent = SSL_write(tls_, block.data(),
                       static_cast<int>(std::min<std::size_t>(block.size(), INT_MAX)));
      if (sent <= 0) outcome = again(static_cast<int>(sent), deadline);
      broken_ = broken_ || (sent <= 0 && outcome == Io::closed);
    } else {
      sent = ::send(descriptor_, block.data(), block.size(), MSG_NOSIGNAL);
      if (sent < 0 && would_block()) outcome = wait(POLLOUT, deadline);
    }
    if (sent > 0) {
      block.remove_prefix(static_cast<std::size_t>(sent));
    } else if (outcome != Io::done) {
      return outcome;
    }
  }
  return Io::done;
}

void Transport::finish() {
  if (tls_ != nullptr && !broken_) {
    ERR_clear_error();
    SSL_shutdown(tls_);
  }
  ::shutdown(descriptor_, SHUT_WR);
  const Instant deadline = std::chrono::steady_clock::now() + kDrainTime;
  std::array<char, kBlock> block;
  for (std::size_t drained = 0; drained < kMostDrained;) {
    const ssize_t got = ::recv(descriptor_, block.data(), block.size(), 0);
    if (got == 0 || (got < 0 && !would_block())) return;
    if (got < 0 && wait(POLLIN, deadline) == Io::late) return;
    drained += static_cast<std::size_t>(std::max<ssize_t>(got, 0));
  }
}

bool Writer::write(std::string_view block) {
  if (gathered_.size() + block.size() <= kBlock) {
    gathered_ += block;
    return open_;
  }
  open_ = flush() && transport_.write(block, deadline_) == Io::done;
  return open_;
}

bool Writer::flush() {
  open_ = open_ && transport_.write(gathered_, deadline_) == Io::done;
  gathered_.clear();
  return open_;
}

}  // namespace aka::web
