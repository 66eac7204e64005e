// Looks a request up in a short table, in the order of registration.
#include "web/router.h"

#include <algorithm>
#include <optional>

namespace aka::web {
namespace {

/// "/a/{}" is "", "a", "{}": the leading slash makes an empty first segment.
Router::Segments split(std::string_view path) {
  Router::Segments segments;
  for (;;) {
    const auto slash = path.find('/');
    segments.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

std::optional<Router::Segments> match(const Router::Segments& pattern,
                                      const Router::Segments& path) {
  if (pattern.size() != path.size()) return std::nullopt;
  Router::Segments matched;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (pattern[i] == "{}" && !path[i].empty()) {
      matched.push_back(path[i]);
    } else if (pattern[i] != path[i]) {
      return std::nullopt;
    }
  }
  return matched;
}

Response not_allowed(const std::vector<std::string>& methods) {
  std::string allow;
  for (const auto& method : methods) {
    allow += (allow.empty() ? "" : ", ") + method + (method == "GET" ? ", HEAD" : "");
  }
  auto response = plain(405, "method not allowed here; use " + allow);
  response.headers.emplace_back("Allow", allow);
  return response;
}

}  // namespace

void Router::add(std::string_view method, std::string_view pattern, Page page) {
  routes_.push_back({std::string(method), split(pattern), std::move(page)});
}

Response Router::operator()(const Request& request) const {
  std::string_view wanted = request.method;
  if (wanted == "HEAD") wanted = "GET";
  const auto path = split(request.path);
  std::vector<std::string> methods;
  for (const auto& route : routes_) {
    const auto segments = match(route.pattern, path);
    if (!segments) continue;
    if (route.method == wanted) return route.page(request, *segments);
    methods.push_back(route.method);
  }
  return methods.empty() ? plain(404, "there is no such page") : not_allowed(methods);
}

}  // namespace aka::web
