#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "simulator/target.h"
#include "simulator/world.h"
#include "web/http.h"

namespace aka::simulator {

/// What an answer depends on beside the world and the request.
struct Circumstances {
  base::SteadyTime now{};
  std::uint64_t seed = 0;  ///< decides the order of roles, which the service does not keep
  std::string origin;      ///< "http://127.0.0.1:9975", put into links
};

/// The Admin API behind authentication: what `caller` gets for `request`, of which `target` is the
/// path. It takes from the organization's rate limit and changes nothing else.
web::Response answer_api(const World& world, const Caller& caller, const Target& target,
                         const web::Request& request, const Circumstances& circumstances);

/// The version that a v2 resource, there since `since` ("2023-01-01"), is answered in; empty if the
/// Accept header asks for none, for one before that, or for none that exists. Dates after `since`
/// are good: they get the newest version not after them.
std::string_view negotiated_version(std::string_view accept, std::string_view since);

/// One key as its GET shows it, compact, with its roles in an order that `seed` decides.
std::string key_json(const Key& key, std::string_view self, std::uint64_t seed);

}  // namespace aka::simulator
