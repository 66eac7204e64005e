// A Channel over a bare socket: plain http, and the conversation with a proxy before the tunnel.
#include <cerrno>
#include <poll.h>
#include <sys/socket.h>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "http/channel.h"

namespace aka::http {
namespace {

constexpr std::string_view kReading = "waiting for the answer";
constexpr std::string_view kWriting = "sending the request";

tl::unexpected<TransportError> broken(int error) {
  return tl::unexpected(TransportError{
      Failure::connect, 0,
      fmt::format("the connection broke: {}", std::generic_category().message(error))});
}

class PlainChannel final : public Channel {
 public:
  explicit PlainChannel(Descriptor socket) : socket_(std::move(socket)) {}

  Count read(char* into, std::size_t size, const Until& until) override {
    // An answer is never there at once: to wait first saves a call that finds nothing.
    if (std::exchange(asked_, false)) {
      if (auto ready = wait_for(socket_.get(), POLLIN, until, kReading); !ready) {
        return tl::unexpected(ready.error());
      }
    }
    return read_socket(socket_.get(), into, size, until);
  }

  Status write(std::string_view bytes, const Until& until) override {
    asked_ = true;
    return write_socket(socket_.get(), bytes, until);
  }

  bool is_quiet() override {
    char unused = 0;
    return ::recv(socket_.get(), &unused, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && would_block(errno);
  }

 private:
  Descriptor socket_;
  bool asked_ = false;  ///< something was sent, and nothing read since
};

}  // namespace

Count read_socket(int descriptor, char* into, std::size_t size, const Until& until) {
  for (;;) {
    if (auto time = still_time(until, kReading); !time) return tl::unexpected(time.error());
    const auto received = ::recv(descriptor, into, size, MSG_DONTWAIT);
    if (received >= 0) return static_cast<std::size_t>(received);
    if (!would_block(errno)) return broken(errno);
    if (auto ready = wait_for(descriptor, POLLIN, until, kReading); !ready) {
      return tl::unexpected(ready.error());
    }
  }
}

Status write_socket(int descriptor, std::string_view bytes, const Until& until) {
  while (!bytes.empty()) {
    if (auto time = still_time(until, kWriting); !time) return time;
    const auto sent = ::send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (!would_block(errno)) {
      return broken(errno);
    } else if (auto ready = wait_for(descriptor, POLLOUT, until, kWriting); !ready) {
      return ready;
    }
  }
  return {};
}

std::unique_ptr<Channel> plain_channel(Descriptor socket) {
  return std::make_unique<PlainChannel>(std::move(socket));
}

}  // namespace aka::http
