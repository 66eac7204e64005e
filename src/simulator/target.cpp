// Which page of the service a path means. Entry point: parse_target().
#include "simulator/target.h"

#include <algorithm>
#include <optional>

namespace aka::simulator {
namespace {

/// The rest of `path` below `prefix`, without the slash between them.
std::optional<std::string_view> below(std::string_view path, std::string_view prefix) {
  if (!path.starts_with(prefix)) return std::nullopt;
  path.remove_prefix(prefix.size());
  if (path.empty()) return path;
  if (path.front() != '/') return std::nullopt;
  path.remove_prefix(1);
  return path;
}

std::string_view take_segment(std::string_view& rest) {
  const std::size_t slash = rest.find('/');
  const std::string_view segment = rest.substr(0, slash);
  rest.remove_prefix(std::min(rest.size(), segment.size() + 1));
  return segment;
}

Target in_api(Api api, std::string_view rest) {
  Target target{.api = api, .route = Route::other, .org = {}, .key = {}};
  if (rest.empty()) {
    target.route = Route::root;
    return target;
  }
  const std::string_view first = take_segment(rest);
  if (first == "rateLimits" && rest.empty() && api == Api::v2) target.route = Route::rate_limits;
  if (first != "orgs") return target;
  target.org = take_segment(rest);
  if (take_segment(rest) != "apiKeys") return target;
  target.key = take_segment(rest);
  const std::string_view part = take_segment(rest);
  if (!rest.empty()) return target;
  if (part.empty()) target.route = target.key.empty() ? Route::list_keys : Route::get_key;
  if (part == "accessList") target.route = Route::access_list;
  return target;
}

}  // namespace

std::string_view prefix_of(Api api) {
  switch (api) {
    case Api::none:
      return "";
    case Api::v1:
      return "/api/atlas/v1.0";
    case Api::v2:
      return "/api/atlas/v2";
    case Api::public_v1:
      return "/api/public/v1.0";
  }
  return "";
}

Target parse_target(std::string_view path) {
  if (path == "/api/oauth/token")
    return {.api = Api::none, .route = Route::token, .org = {}, .key = {}};
  if (path == "/api/oauth/revoke") {
    return {.api = Api::none, .route = Route::revoke, .org = {}, .key = {}};
  }
  if (below(path, "/sim")) return {.api = Api::none, .route = Route::control, .org = {}, .key = {}};
  for (const Api api : {Api::v1, Api::v2, Api::public_v1}) {
    if (const auto rest = below(path, prefix_of(api))) return in_api(api, *rest);
  }
  return {};
}

}  // namespace aka::simulator
