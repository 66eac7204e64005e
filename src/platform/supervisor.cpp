// systemd's notification protocol: a datagram of NAME=value lines to a Unix socket. Spoken here in
// place of libsystemd, which would bring four compression and cipher libraries into the process;
// sd_notify(3) promises that the protocol is stable. Entry: Supervisor::from_environment().
#include "platform/supervisor.h"

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace aka::platform {
namespace {

/// A supervisor that does not read must not stop this program.
constexpr timeval kPatience{.tv_sec = 1, .tv_usec = 0};

std::string_view environment(const char* name) {
  // Nothing in this program changes its environment.
  const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return value == nullptr ? std::string_view() : value;
}

std::optional<long long> number(std::string_view text) {
  long long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value <= 0) return std::nullopt;
  return value;
}

long long monotonic_microseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<long long>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
}

}  // namespace

Supervisor Supervisor::from_environment() {
  const auto watchdog = number(environment("WATCHDOG_USEC"));
  const auto pid = number(environment("WATCHDOG_PID"));
  const bool mine = !pid || *pid == ::getpid();
  return Supervisor(
      std::string(environment("NOTIFY_SOCKET")),
      watchdog && mine ? std::optional(std::chrono::microseconds(*watchdog)) : std::nullopt);
}

Supervisor::Supervisor(std::string address, std::optional<std::chrono::microseconds> watchdog)
    : address_(std::move(address)), watchdog_(watchdog) {
  const bool reachable = (address_.starts_with('/') || address_.starts_with('@')) &&
                         address_.size() < sizeof(sockaddr_un::sun_path);
  if (!reachable) address_.clear();
}

void Supervisor::ready() const { send("READY=1"); }

void Supervisor::reloading() const {
  send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", monotonic_microseconds()));
}

void Supervisor::stopping() const { send("STOPPING=1"); }

void Supervisor::feed() const {
  if (watchdog_) send("WATCHDOG=1");
}

void Supervisor::status(std::string_view line) const { send(fmt::format("STATUS={}", line)); }

void Supervisor::send(std::string_view message) const {
  if (!listens()) return;
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, address_.data(), address_.size());
  if (address_.front() == '@') to.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return;
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  ::sendto(socket, message.data(), message.size(), MSG_NOSIGNAL,
           reinterpret_cast<const sockaddr*>(&to), size);
  ::close(socket);
}

}  // namespace aka::platform
