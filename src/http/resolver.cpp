// resolve() hands the name to a detached thread and polls a latch that the thread sets. The map
// holds the lookups under way, so that a silent name server costs one thread a name, not one a
// poll.
#include "http/resolver.h"

#include <arpa/inet.h>
#include <cstring>
#include <map>
#include <mutex>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <system_error>
#include <thread>

#include <fmt/format.h>

#include "http/wait.h"

namespace aka::http {
namespace {

using base::ErrorKind;
using base::fail;
using Addresses = base::Result<std::vector<Address>>;

template <typename Sockaddr>
Address to_address(const Sockaddr& from) {
  Address address;
  std::memcpy(&address.storage, &from, sizeof from);
  address.length = sizeof from;
  return address;
}

std::vector<Address> numeric_address(const std::string& host) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  if (::inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) return {to_address(v4)};
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  if (::inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1) return {to_address(v6)};
  return {};
}

Addresses ask_system(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (error != 0) {
    return fail(ErrorKind::not_found, error == EAI_SYSTEM ? std::generic_category().message(errno)
                                                          : std::string(::gai_strerror(error)));
  }
  std::vector<Address> addresses;
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    if (entry->ai_addrlen > sizeof(sockaddr_storage)) continue;
    Address& address = addresses.emplace_back();
    std::memcpy(&address.storage, entry->ai_addr, entry->ai_addrlen);
    address.length = entry->ai_addrlen;
  }
  ::freeaddrinfo(found);
  return addresses;
}

/// One lookup under way.
struct Pending {
  base::StopSignal finished;
  Addresses addresses;  ///< guarded by Shared::mutex
};

}  // namespace

struct Resolver::Shared {
  explicit Shared(Lookup given) : lookup(std::move(given)) {}

  std::shared_ptr<Pending> join_or_start(const std::string& host,
                                         const std::shared_ptr<Shared>& self);
  void run(const std::string& host, Pending& pending) noexcept;

  const Lookup lookup;

  std::mutex mutex;  ///< guards what follows
  std::map<std::string, std::shared_ptr<Pending>> under_way;
};

/// Throws system_error when there is no descriptor or no thread to be had.
std::shared_ptr<Pending> Resolver::Shared::join_or_start(const std::string& host,
                                                         const std::shared_ptr<Shared>& self) {
  const std::lock_guard lock(mutex);
  auto& pending = under_way[host];
  if (pending) return pending;
  try {
    pending = std::make_shared<Pending>();
    std::thread([self, pending, host] { self->run(host, *pending); }).detach();
    return pending;
  } catch (...) {
    under_way.erase(host);
    throw;
  }
}

void Resolver::Shared::run(const std::string& host, Pending& pending) noexcept {
  ::pthread_setname_np(::pthread_self(), "name-lookup");
  Addresses found;
  try {
    found = lookup(host);
  } catch (const std::exception& error) {
    found = fail(ErrorKind::internal, error.what());
  }
  {
    const std::lock_guard lock(mutex);
    pending.addresses = std::move(found);
    under_way.erase(host);
  }
  pending.finished.request();
}

Resolver::Resolver() : Resolver(ask_system) {}
Resolver::Resolver(Lookup lookup) : shared_(std::make_shared<Shared>(std::move(lookup))) {}
Resolver::~Resolver() = default;

tl::expected<std::vector<Address>, TransportError> Resolver::resolve(const std::string& host,
                                                                     const Until& until) {
  if (auto numeric = numeric_address(host); !numeric.empty()) return numeric;
  const auto no_address = [&](std::string_view why) {
    return tl::unexpected(TransportError{
        Failure::dns, 0, fmt::format("cannot look up the name '{}': {}", host, why)});
  };
  std::shared_ptr<Pending> pending;
  try {
    pending = shared_->join_or_start(host, shared_);
  } catch (const std::system_error& error) {
    return no_address(error.what());
  }
  if (auto ready = wait_for(pending->finished.descriptor(), POLLIN, until, "looking up the name");
      !ready) {
    return tl::unexpected(std::move(ready.error()));
  }
  const std::lock_guard lock(shared_->mutex);
  if (!pending->addresses) return no_address(pending->addresses.error().message);
  if (pending->addresses->empty()) return no_address("it has no address");
  return *pending->addresses;
}

}  // namespace aka::http
