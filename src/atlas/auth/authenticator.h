#pragma once

#include <memory>
#include <optional>
#include <string>

#include <tl/expected.hpp>

#include "atlas/line.h"
#include "base/duration.h"
#include "base/result.h"
#include "http/message.h"
#include "model/observation.h"

namespace aka::atlas {

/// The API's answer to a request that was sent with proof of who asks.
struct Reply {
  http::Exchange exchange;
  std::string login_note;  ///< of a 401 that stands: why, and how to mend it; else empty
};

/// There is no proof, so that the request was not sent.
struct Refusal {
  model::Failure failure;
  int http_status = 0;  ///< of the token endpoint; 0 without an answer
  std::optional<base::Duration> retry_after;
};

/// Proves to the service who asks, by one method, on one connection. A machine: used by one thread
/// at a time.
class Authenticator {
 public:
  virtual ~Authenticator() = default;

  /// Sends the request with what it needs, again where the method demands that, at most three
  /// times in all. A transport that fails or is stopped is an ordinary Reply.
  virtual tl::expected<Reply, Refusal> perform(http::Request request, Line& line) = 0;
};

/// One entry of `credentials:`, with its secret. Shared by the connections of all organizations
/// that name it; safe from any thread.
class Credential {
 public:
  virtual ~Credential() = default;

  /// The authenticator keeps what it needs of this credential alive.
  virtual std::unique_ptr<Authenticator> authenticator() = 0;

  /// Reads the secret afresh; requests that follow use it. After an error the old one stays.
  virtual base::Result<void> reload() = 0;

  /// Looks whether the secret was replaced, and takes the new one over once two looks in a row
  /// found it; true then. Errors as reload(). One thread at a time; a few looks a second at most.
  virtual base::Result<bool> follow() = 0;

  /// Whether both prove the same identity and read the secret in the same place: then a new
  /// configuration may keep the old one, and with it a token that lives.
  virtual bool same_as(const Credential& other) const = 0;

  /// By which the service's list of keys shows the caller; empty for what is no API key.
  virtual std::string public_key() const = 0;

  /// Gives back what the service holds for this credential, such as a live token; at shutdown, once
  /// nobody polls any more. Best effort; the line's deadline bounds it.
  virtual void revoke(Line& line) = 0;
};

}  // namespace aka::atlas
