// The daemon's ear on its own machine. The kernel keeps others out by the file's mode, which the
// socket has before it gets its name.
#include "platform/control_socket.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace aka::platform {
namespace {

using base::ErrorKind;

constexpr std::size_t kLongestLine = std::size_t{64} * 1024;
constexpr int kPatience = 10'000;  // milliseconds, for a line

tl::unexpected<base::Error> failure(const std::string& attempted, int error) {
  const ErrorKind kind = error == ENOENT || error == ECONNREFUSED ? ErrorKind::not_found
                         : error == EACCES || error == EPERM      ? ErrorKind::permission
                                                                  : ErrorKind::io;
  return base::fail(kind, attempted + ": " + std::strerror(error));
}

base::Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return base::fail(ErrorKind::invalid_input,
                      "the path " + path +
                          " is too long for a socket (107 bytes at most): choose a "
                          "shorter store.path");
  }
  std::memcpy(static_cast<char*>(address.sun_path), path.c_str(), path.size() + 1);
  return address;
}

const sockaddr* generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);  // NOLINT: what the socket API asks for
}

/// Waits for something to read, or a stop; false: a stop, or nothing in time.
bool wait_readable(int descriptor, const base::StopSignal* stop, int patience) {
  std::array<pollfd, 2> waits{
      {{descriptor, POLLIN, 0}, {stop == nullptr ? -1 : stop->descriptor(), POLLIN, 0}}};
  int ready = 0;
  do {
    ready = ::poll(waits.data(), waits.size(), patience);
  } while (ready < 0 && errno == EINTR);
  return ready > 0 && (stop == nullptr || !stop->requested());
}

bool send_line(int descriptor, std::string_view line) {
  std::string text(line);
  text += '\n';
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t sent = ::send(descriptor, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

/// The next line, off the front of `buffer`; false at the end.
bool read_line(int descriptor, std::string& buffer, std::string& line, const base::StopSignal* stop,
               int patience) {
  for (;;) {
    const std::size_t end = buffer.find('\n');
    if (end != std::string::npos) {
      line = buffer.substr(0, end);
      buffer.erase(0, end + 1);
      return true;
    }
    if (buffer.size() > kLongestLine || !wait_readable(descriptor, stop, patience)) return false;
    std::array<char, 4096> block{};
    const ssize_t size = ::recv(descriptor, block.data(), block.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return false;
    buffer.append(block.data(), static_cast<std::size_t>(size));
  }
}

}  // namespace

base::Result<std::unique_ptr<ControlSocket>> ControlSocket::open(const std::string& path,
                                                                 Handler handler) {
  const auto address = address_of(path);
  if (!address) return tl::unexpected(address.error());
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return failure("cannot make a socket", errno);
  ::unlink(path.c_str());
  // Before it has a name: with one there would be a moment in which others could connect.
  if (::fchmod(descriptor, 0600) != 0 ||
      ::bind(descriptor, generic(*address), sizeof(sockaddr_un)) != 0 ||
      ::chmod(path.c_str(), 0600) != 0 || ::listen(descriptor, 8) != 0) {
    const int error = errno;
    ::close(descriptor);
    return failure("cannot listen on the socket " + path, error);
  }
  return std::unique_ptr<ControlSocket>(new ControlSocket(path, descriptor, std::move(handler)));
}

ControlSocket::ControlSocket(std::string path, int descriptor, Handler handler)
    : path_(std::move(path)),
      descriptor_(descriptor),
      handler_(std::move(handler)),
      thread_([this] { serve(); }) {}

ControlSocket::~ControlSocket() {
  stop_.request();
  thread_.join();
  ::close(descriptor_);
  ::unlink(path_.c_str());
}

void ControlSocket::serve() {
  while (wait_readable(descriptor_, &stop_, -1)) {
    const int connection = ::accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) {
      // Out of descriptors, perhaps: not at once again.
      if (errno != EINTR && errno != ECONNABORTED) wait_readable(-1, &stop_, 1000);
      continue;
    }
    answer(connection);
    ::close(connection);
  }
}

void ControlSocket::answer(int connection) {
  std::string buffer;
  std::string line;
  if (!read_line(connection, buffer, line, &stop_, kPatience)) return;
  handler_(
      line, [connection](std::string_view said) { return send_line(connection, said); }, stop_);
}

base::Result<void> ask(const std::string& path, std::string_view line,
                       const std::function<bool(const std::string& line)>& take) {
  const auto address = address_of(path);
  if (!address) return tl::unexpected(address.error());
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return failure("cannot make a socket", errno);
  if (::connect(descriptor, generic(*address), sizeof(sockaddr_un)) != 0) {
    const int error = errno;
    ::close(descriptor);
    return failure("cannot speak to a daemon on " + path, error);
  }
  std::string buffer;
  std::string said;
  if (send_line(descriptor, line)) {
    while (read_line(descriptor, buffer, said, nullptr, -1) && take(said)) {
    }
  }
  ::close(descriptor);
  return {};
}

}  // namespace aka::platform
