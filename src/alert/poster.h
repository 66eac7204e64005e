#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "alert/connection_settings.h"
#include "alert/sink.h"
#include "base/clock.h"
#include "base/secret.h"
#include "base/stop.h"
#include "base/url.h"
#include "http/resolver.h"
#include "http/transport.h"
#include "http/trust_store.h"

namespace aka::alert {

struct SinkContext;

/// The anchors and our certificate as the settings name them.
base::Result<std::shared_ptr<const http::TrustStore>> load_trust(
    const ConnectionSettings& settings);

/// One JSON document to be sent.
struct Post {
  const base::Url& url;
  std::string body;
  http::HeaderList headers = {};
  /// No message holds these. Those of ConnectionSettings need not be named.
  std::vector<base::Secret> hidden = {};
};

/// Posts to one receiver over one kept connection, as its connection settings say. Passwords and
/// tokens are read for every request, certificates whenever their files changed.
class Poster {
 public:
  Poster(ConnectionSettings settings, const SinkContext& context);

  Outcome post(Post post, std::chrono::steady_clock::time_point deadline,
               const base::StopSignal& stop);

 private:
  using Stamp = std::array<std::int64_t, 4>;  ///< changes with its file

  Outcome authorize(Post& post) const;
  Outcome connect(const base::Origin& origin);
  std::array<Stamp, 3> stamps() const;

  const ConnectionSettings settings_;
  const base::Clock& clock_;
  http::Resolver& resolver_;
  const std::string user_agent_;
  std::optional<base::Origin> origin_;  ///< of the connection, as the next two
  std::array<Stamp, 3> stamps_{};
  std::unique_ptr<http::HttpTransport> transport_;
};

}  // namespace aka::alert
