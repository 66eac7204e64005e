#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace aka::simulator {

enum class Api { none, v1, v2, public_v1 };

/// What a path asks for.
enum class Route {
  other,  ///< nothing the simulator serves; below an API it is still guarded
  root,
  list_keys,
  get_key,
  access_list,
  rate_limits,
  token,
  revoke,
  control,
};
inline constexpr std::array<std::string_view, 9> kRouteNames{
    "other",       "root",  "list_keys", "get_key", "access_list",
    "rate_limits", "token", "revoke",    "control"};

constexpr std::string_view to_string(Route route) {
  return kRouteNames[static_cast<std::size_t>(route)];
}

/// A path taken apart; views into it. Ids are as written, not yet checked.
struct Target {
  Api api = Api::none;
  Route route = Route::other;
  std::string_view org;
  std::string_view key;
};

Target parse_target(std::string_view path);

/// "/api/atlas/v2" and its like; empty for Api::none.
std::string_view prefix_of(Api api);

}  // namespace aka::simulator
