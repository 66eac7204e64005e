#pragma once

#include <functional>
#include <memory>
#include <string>
#include <sys/socket.h>
#include <vector>

#include <tl/expected.hpp>

#include "base/result.h"
#include "http/message.h"
#include "http/until.h"

namespace aka::http {

struct Address {
  sockaddr_storage storage{};  ///< IPv4 or IPv6; its port means nothing
  socklen_t length = 0;
};

/// Turns names into addresses. getaddrinfo(3) can neither be given a deadline nor be stopped, so
/// each lookup runs on a thread that may outlive its callers and this object; there is at most one
/// for a name, and callers that ask for the same name meanwhile wait for the same one.
/// Safe from any thread. Nothing is cached.
class Resolver {
 public:
  /// Blocks as long as it likes. Must be callable from several threads at once.
  using Lookup = std::function<base::Result<std::vector<Address>>(const std::string& host)>;

  Resolver();  ///< asks the system
  explicit Resolver(Lookup lookup);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// At least one address, best first. A numeric address is its own answer. Fails as `dns`,
  /// `timeout` or `stopped`.
  tl::expected<std::vector<Address>, TransportError> resolve(const std::string& host,
                                                             const Until& until);

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace aka::http
