#pragma once

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <netinet/in.h>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace aka::tests {

/// A loopback client that sends what it is told to, byte by byte if need be. Reads give up after
/// 10 s, so that a broken server fails a test instead of hanging it.
class TcpClient {
 public:
  explicit TcpClient(int family = AF_INET)
      : family_(family), descriptor_(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval patience{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  }
  TcpClient(TcpClient&& other) noexcept
      : family_(other.family_), descriptor_(std::exchange(other.descriptor_, -1)) {}
  TcpClient& operator=(TcpClient&&) = delete;
  ~TcpClient() { close(); }

  static TcpClient to(int port) {
    TcpClient client;
    client.connect(port);
    return client;
  }

  bool connect(int port) {
    if (family_ == AF_INET6) {
      sockaddr_in6 address{};
      address.sin6_family = AF_INET6;
      address.sin6_addr = in6addr_loopback;
      address.sin6_port = htons(static_cast<std::uint16_t>(port));
      return ::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    return ::connect(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }

  bool send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  /// Whether something (or the end) can be read within the time.
  bool readable_within(std::chrono::milliseconds time) const {
    pollfd entry{.fd = descriptor_, .events = POLLIN, .revents = 0};
    return ::poll(&entry, 1, static_cast<int>(time.count())) > 0;
  }

  /// Until the peer closes; ended() then tells how.
  std::string read_all() {
    while (receive()) continue;
    return std::exchange(received_, {});
  }

  /// One answer with a Content-Length; `without_body` for that to a HEAD. What came after it is
  /// kept.
  std::string read_answer(bool without_body = false) {
    std::size_t head = 0;
    while ((head = received_.find("\r\n\r\n")) == std::string::npos) {
      if (!receive()) return std::exchange(received_, {});
    }
    const auto size = head + 4 + (without_body ? 0 : content_length(received_.substr(0, head)));
    while (received_.size() < size && receive()) continue;
    auto answer = received_.substr(0, size);
    received_.erase(0, size);
    return answer;
  }

  /// At least `size` bytes, unless the peer closes.
  std::string read_at_least(std::size_t size) {
    while (received_.size() < size && receive()) continue;
    return std::exchange(received_, {});
  }

  enum class End { open, closed, reset, timed_out };
  End ended() const { return end_; }

  void close() {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }

  /// Ends with a reset after the end of sending, which is what makes the peer's next write an
  /// EPIPE.
  void vanish() {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::shutdown(descriptor_, SHUT_WR);
    ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
  }

  int descriptor() const { return descriptor_; }

 private:
  static std::size_t content_length(const std::string& head) {
    const auto at = head.find("Content-Length: ");
    return at == std::string::npos ? 0 : std::strtoul(head.c_str() + at + 16, nullptr, 10);
  }

  bool receive() {
    std::array<char, 64 * 1024> block;
    const ssize_t got = ::recv(descriptor_, block.data(), block.size(), 0);
    if (got > 0) {
      received_.append(block.data(), static_cast<std::size_t>(got));
      return true;
    }
    end_ = got == 0 ? End::closed : errno == ECONNRESET ? End::reset : End::timed_out;
    return false;
  }

  int family_;
  int descriptor_;
  std::string received_;
  End end_ = End::open;
};

}  // namespace aka::tests
