#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include <tl/expected.hpp>

#include "http/descriptor.h"
#include "http/origin.h"
#include "http/trust_store.h"
#include "http/wait.h"

namespace aka::http {

using Count = tl::expected<std::size_t, TransportError>;

/// An open byte stream to a server. Destruction closes it.
class Channel {
 public:
  virtual ~Channel() = default;

  /// Waits for at least one byte. 0 is the peer's orderly end; `connect` a broken connection.
  virtual Count read(char* into, std::size_t size, const Until& until) = 0;

  /// All of it. Never raises SIGPIPE.
  virtual Status write(std::string_view bytes, const Until& until) = 0;

  /// Between two requests, without waiting: open as far as can be seen, and nothing unasked for
  /// has arrived.
  virtual bool is_quiet() = 0;
};

/// Reading and writing a non-blocking socket as Channel describes it.
Count read_socket(int descriptor, char* into, std::size_t size, const Until& until);
Status write_socket(int descriptor, std::string_view bytes, const Until& until);

std::unique_ptr<Channel> plain_channel(Descriptor socket);

/// Does the handshake and verifies the certificate against the origin's name or address.
/// Fails as `tls`, `timeout` or `stopped`.
tl::expected<std::unique_ptr<Channel>, TransportError> tls_channel(Descriptor socket,
                                                                   const Origin& origin,
                                                                   const TrustStore& trust,
                                                                   const Until& until);

}  // namespace aka::http
