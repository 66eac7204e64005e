#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "web/http.h"

namespace aka::web {

/// A table of pages, itself a Handler: finds the one for a method and path, else answers 404, or
/// 405 with Allow. Constant once it serves.
class Router {
 public:
  /// The path's segments that matched a `{}` of the pattern, in order, decoded, never empty.
  using Segments = std::vector<std::string>;
  using Page = std::function<Response(const Request&, const Segments&)>;

  /// A pattern is a path whose segments stand for themselves or are `{}`. A page for GET also
  /// answers HEAD.
  void add(std::string_view method, std::string_view pattern, Page page);

  Response operator()(const Request& request) const;

 private:
  struct Route {
    std::string method;
    Segments pattern;
    Page page;
  };
  std::vector<Route> routes_;
};

}  // namespace aka::web
