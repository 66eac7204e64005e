#pragma once

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace aka::testing {

/// A Unix datagram socket that hears what a program tells its supervisor. `address` is a path, or
/// '@' and an abstract name.
class Datagrams {
 public:
  explicit Datagrams(const std::string& address) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::memcpy(at.sun_path, address.data(), address.size());
    if (address.front() == '@') at.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
    if (::bind(number_, reinterpret_cast<const sockaddr*>(&at), size) != 0) std::abort();
  }
  ~Datagrams() { ::close(number_); }
  Datagrams(const Datagrams&) = delete;
  Datagrams& operator=(const Datagrams&) = delete;

  /// The next one, or "nothing" when none comes within `milliseconds`.
  std::string next(int milliseconds = 0) const {
    pollfd entry{.fd = number_, .events = POLLIN, .revents = 0};
    if (::poll(&entry, 1, milliseconds) <= 0) return "nothing";
    std::array<char, 4096> block{};
    const auto got = ::recv(number_, block.data(), block.size(), 0);
    return got < 0 ? "nothing" : std::string(block.data(), static_cast<std::size_t>(got));
  }

 private:
  int number_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
};

}  // namespace aka::testing
