// From a name to a connected socket, directly or through a proxy's tunnel.
#include "http/dial.h"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <system_error>

#include <fmt/format.h>

#include "http/channel.h"
#include "http/head.h"

namespace aka::http {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kProxyHeadLimit = std::size_t{16} * 1024;

void set_port(Address& address, std::uint16_t port) {
  if (address.storage.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address.storage, sizeof v6);
    v6.sin6_port = htons(port);
    std::memcpy(&address.storage, &v6, sizeof v6);
  } else {
    sockaddr_in v4{};
    std::memcpy(&v4, &address.storage, sizeof v4);
    v4.sin_port = htons(port);
    std::memcpy(&address.storage, &v4, sizeof v4);
  }
}

std::string to_string(const Address& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* bytes = nullptr;
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (address.storage.ss_family == AF_INET6) {
    std::memcpy(&v6, &address.storage, sizeof v6);
    bytes = &v6.sin6_addr;
  } else {
    std::memcpy(&v4, &address.storage, sizeof v4);
    bytes = &v4.sin_addr;
  }
  ::inet_ntop(address.storage.ss_family, bytes, text.data(), text.size());
  return text.data();
}

tl::unexpected<TransportError> refused(const Address& address, int error) {
  return tl::unexpected(TransportError{Failure::connect, 0,
                                       fmt::format("cannot connect to {}: {}", to_string(address),
                                                   std::generic_category().message(error))});
}

tl::expected<Descriptor, TransportError> connect_to_address(const Address& address,
                                                            const Until& until) {
  Descriptor socket(
      ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (!socket.is_open()) return refused(address, errno);
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  // The sockets interface wants this cast; sockaddr_storage is made to be seen as a sockaddr.
  const auto* name = reinterpret_cast<const sockaddr*>(&address.storage);
  if (::connect(socket.get(), name, address.length) == 0) return socket;
  if (errno != EINPROGRESS && errno != EINTR) return refused(address, errno);
  if (auto ready = wait_for(socket.get(), POLLOUT, until, "connecting"); !ready) {
    ready.error().message += fmt::format(" to {}", to_string(address));
    return tl::unexpected(std::move(ready.error()));
  }
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return refused(address, error);
  return socket;
}

/// Sends the CONNECT and reads the head of the answer to it.
tl::expected<Head, TransportError> ask_for_tunnel(int socket, const Origin& origin,
                                                  std::string_view user_agent, const Until& until) {
  const auto authority = origin.authority();
  const auto request = fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\nUser-Agent: {1}\r\n\r\n",
                                   authority, user_agent);
  if (auto sent = write_socket(socket, request, until); !sent) {
    return tl::unexpected(std::move(sent.error()));
  }
  HeadReader reader("CONNECT", kProxyHeadLimit);
  std::array<char, 4096> buffer{};
  for (;;) {
    const auto count = read_socket(socket, buffer.data(), buffer.size(), until);
    if (!count) return tl::unexpected(count.error());
    if (*count == 0) {
      return tl::unexpected(TransportError{Failure::proxy, 0, "it closed the connection"});
    }
    auto head = reader.feed({buffer.data(), *count});
    if (!head) return tl::unexpected(std::move(head.error()));
    if (!*head) continue;
    // The server behind the tunnel speaks only when spoken to; whoever speaks here is the proxy.
    if ((*head)->status / 100 == 2 && !reader.rest().empty()) {
      return tl::unexpected(TransportError{Failure::proxy, 0, "it sent bytes nobody asked for"});
    }
    return std::move(**head);
  }
}

bool is_bound_of_request(const TransportError& error) {
  return error.failure == Failure::timeout || error.failure == Failure::stopped;
}

TransportError blame_proxy(TransportError error, const Origin& proxy) {
  if (!is_bound_of_request(error)) error.failure = Failure::proxy;
  // What a proxy answered is no answer of the origin's.
  error.status = 0;
  error.message.insert(0, fmt::format("proxy {}: ", proxy.authority()));
  return error;
}

}  // namespace

tl::expected<Descriptor, TransportError> dial(const Origin& origin, Resolver& resolver,
                                              const Until& until) {
  auto addresses = resolver.resolve(origin.host, until);
  if (!addresses) return tl::unexpected(std::move(addresses.error()));
  TransportError last;
  std::string failures;
  for (std::size_t i = 0; i < addresses->size(); ++i) {
    auto& address = (*addresses)[i];
    set_port(address, origin.port);
    const auto now = steady_clock::now();
    const auto left = static_cast<steady_clock::rep>(addresses->size() - i);
    const auto share = left == 1 ? until.deadline : now + (until.deadline - now) / left;
    auto socket = connect_to_address(address, Until{share, until.stop, until.meanwhile});
    if (socket || socket.error().failure == Failure::stopped) return socket;
    last = std::move(socket.error());
    failures += (failures.empty() ? "" : "; ") + last.message;
  }
  last.message = std::move(failures);
  return tl::unexpected(std::move(last));
}

tl::expected<Descriptor, TransportError> dial_through(const Origin& proxy, const Origin& origin,
                                                      std::string_view user_agent,
                                                      Resolver& resolver, const Until& until) {
  auto socket = dial(proxy, resolver, until);
  if (!socket) return tl::unexpected(blame_proxy(std::move(socket.error()), proxy));
  auto head = ask_for_tunnel(socket->get(), origin, user_agent, until);
  if (!head) return tl::unexpected(blame_proxy(std::move(head.error()), proxy));
  if (head->status / 100 == 2) return socket;
  return tl::unexpected(blame_proxy(
      {Failure::proxy, 0,
       fmt::format("it refused a tunnel to {} with status {}{}", origin.authority(), head->status,
                   head->status == 407 ? " (it wants credentials, which are not supported)" : "")},
      proxy));
}

}  // namespace aka::http
