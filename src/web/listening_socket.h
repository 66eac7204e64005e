#pragma once

#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include "base/listen_address.h"
#include "base/result.h"

namespace aka::web {

/// Owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  ~Descriptor() { close(); }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }

  int number() const { return number_; }
  void close() {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }

 private:
  int number_;
};

/// A non-blocking socket that listens, on one address alone. `busy` if somebody else does already.
base::Result<Descriptor> listen_on(const base::ListenAddress& address);

/// As numbers: "127.0.0.1", "::1", without the mark of an IPv4 peer on an IPv6 socket.
base::ListenAddress numeric(const sockaddr_storage& address);

}  // namespace aka::web
