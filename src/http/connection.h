#pragma once

#include <memory>
#include <optional>
#include <string>

#include "http/origin.h"
#include "http/resolver.h"
#include "http/transport.h"
#include "http/trust_store.h"

namespace aka::http {

struct ConnectionOptions {
  std::shared_ptr<const TrustStore> trust;  ///< needed for https origins
  /// Tunnels everything by CONNECT. The proxy resolves the origin's name and sees nothing else.
  std::optional<Origin> proxy;
  std::string user_agent;
};

/// One keep-alive connection to one origin. It is opened by the first send() that needs it, takes
/// no thread of its own, and is opened anew when the server has closed it: a reused connection that
/// fails before the first byte of its answer is replaced once, silently, within the same deadline.
/// `resolver` must outlive it.
std::unique_ptr<HttpTransport> connect_to(Origin origin, ConnectionOptions options,
                                          Resolver& resolver);

}  // namespace aka::http
