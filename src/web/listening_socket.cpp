// Name lookup, bind and listen, with errors that tell a person what to do. SO_REUSEADDR alone: with
// SO_REUSEPORT, which httplib sets, a second program on the port would start without a word and
// take half of the requests. Entry: listen_on().
#include "web/listening_socket.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <system_error>
#include <vector>

#include <fmt/format.h>

namespace aka::web {
namespace {

constexpr int kBacklog = 512;

base::ErrorKind kind_of(int error) {
  switch (error) {
    case EADDRINUSE:
      return base::ErrorKind::busy;
    case EACCES:
    case EPERM:
      return base::ErrorKind::permission;
    case EADDRNOTAVAIL:
      return base::ErrorKind::not_found;
    default:
      return base::ErrorKind::io;
  }
}

std::string_view remedy(int error) {
  switch (kind_of(error)) {
    case base::ErrorKind::busy:
      return "; stop the program that listens there, or choose another port";
    case base::ErrorKind::permission:
      return "; ports below 1024 need a privilege, choose a higher one";
    case base::ErrorKind::not_found:
      return "; this machine has no such address";
    default:
      return "";
  }
}

/// Or errno.
tl::expected<Descriptor, int> try_listen(const addrinfo& candidate) {
  Descriptor socket(::socket(candidate.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (socket.number() < 0) return tl::unexpected<int>(errno);
  const int on = 1;
  const int off = 0;
  ::setsockopt(socket.number(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (candidate.ai_family == AF_INET6) {
    ::setsockopt(socket.number(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  }
  if (::bind(socket.number(), candidate.ai_addr, candidate.ai_addrlen) != 0 ||
      ::listen(socket.number(), kBacklog) != 0) {
    return tl::unexpected<int>(errno);
  }
  return socket;
}

/// Every address is the IPv6 one, which takes both kinds; of a name's, the IPv4 one comes first.
std::vector<const addrinfo*> in_order(const addrinfo* found, bool every_address) {
  std::vector<const addrinfo*> candidates;
  for (; found != nullptr; found = found->ai_next) candidates.push_back(found);
  const int preferred = every_address ? AF_INET6 : AF_INET;
  std::stable_partition(candidates.begin(), candidates.end(),
                        [&](const auto* each) { return each->ai_family == preferred; });
  return candidates;
}

}  // namespace

base::Result<Descriptor> listen_on(const base::ListenAddress& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int failure = ::getaddrinfo(address.host.empty() ? nullptr : address.host.c_str(),
                                    std::to_string(address.port).c_str(), &hints, &found);
  if (failure != 0) {
    return base::fail(base::ErrorKind::not_found,
                      fmt::format("cannot listen on {}: the host '{}' has no address: {}",
                                  to_string(address), address.host, ::gai_strerror(failure)));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  int error = EADDRNOTAVAIL;
  for (const auto* candidate : in_order(found, address.host.empty())) {
    auto socket = try_listen(*candidate);
    if (socket) return std::move(*socket);
    error = socket.error();
    // Another address helps only where this kind of address is not to be had.
    if (error != EAFNOSUPPORT && error != EADDRNOTAVAIL) break;
  }
  return base::fail(kind_of(error),
                    fmt::format("cannot listen on {}: {}{}", to_string(address),
                                std::generic_category().message(error), remedy(error)));
}

base::ListenAddress numeric(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET) {
    const auto* four = reinterpret_cast<const sockaddr_in*>(&address);
    ::inet_ntop(AF_INET, &four->sin_addr, text.data(), text.size());
    return {text.data(), ntohs(four->sin_port)};
  }
  const auto* six = reinterpret_cast<const sockaddr_in6*>(&address);
  ::inet_ntop(AF_INET6, &six->sin6_addr, text.data(), text.size());
  const std::string host = text.data();
  const bool mapped = IN6_IS_ADDR_V4MAPPED(&six->sin6_addr);
  return {mapped ? host.substr(host.rfind(':') + 1) : host, ntohs(six->sin6_port)};
}

}  // namespace aka::web
