#pragma once

#include <cstddef>
#include <string>

#include "base/clock.h"
#include "base/duration.h"
#include "model/roster.h"

namespace aka::report {

/// What an organization's schedule asks of the service, and what comes of it.
struct OrganizationLoad {
  int per_minute = 0;                   ///< requests that the configured rate limit allows
  double requests = 0;                  ///< a minute, as configured
  base::Duration effective_interval{};  ///< as configured, or longer if the limit asks for it
  base::Duration shortest_interval{};   ///< that the limit can serve
  base::Duration detection_bound{};     ///< the longest a change can go unseen
  double jitter = 0;
  base::Duration timeout{};
  std::size_t timeouts = 1;  ///< of requests one after the other, until a change is seen
  base::Duration recheck{};  ///< with `fetch: list`, how often each key is also asked for by itself
};

/// `check --explain`: what an organization's schedule costs. Ends with a line break, as does the
/// next. Printable.
std::string explain_organization(const model::Organization& organization,
                                 const OrganizationLoad& load);

/// What is expected of a key: its policy as it takes effect, and its waivers at `now`, before any
/// poll.
std::string explain_key(const model::Key& key, base::WallTime now);

/// That the rate limit cannot serve the interval, and which one it could.
std::string overload_text(const model::Organization& organization, const OrganizationLoad& load);

}  // namespace aka::report
