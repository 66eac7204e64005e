#pragma once

#include <string_view>

#include <tl/expected.hpp>

#include "http/descriptor.h"
#include "http/origin.h"
#include "http/resolver.h"
#include "http/wait.h"

namespace aka::http {

/// A connected, non-blocking TCP socket to the first address of the name that accepts. An address
/// that stays silent gets its share of the time left, so that the next ones are tried as well.
/// Fails as `dns`, `connect`, `timeout` or `stopped`.
tl::expected<Descriptor, TransportError> dial(const Origin& origin, Resolver& resolver,
                                              const Until& until);

/// The same through a proxy that is asked to CONNECT. What the proxy itself refuses, and a proxy
/// that cannot be reached, is `proxy`.
tl::expected<Descriptor, TransportError> dial_through(const Origin& proxy, const Origin& origin,
                                                      std::string_view user_agent,
                                                      Resolver& resolver, const Until& until);

}  // namespace aka::http
