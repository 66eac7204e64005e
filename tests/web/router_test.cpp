#include "web/router.h"

#include <vector>

#include <doctest/doctest.h>

using namespace aka::web;

namespace {

Router::Page named(std::string name) {
  return [name](const Request&, const Router::Segments& segments) {
    auto text = name;
    for (const auto& segment : segments) text += " " + segment;
    return plain(200, text);
  };
}

Request request_for(std::string method, std::string path) {
  Request request;
  request.method = std::move(method);
  request.path = std::move(path);
  return request;
}

}  // namespace

TEST_SUITE("web router") {
  TEST_CASE("a request reaches the page of its method and path") {
    Router router;
    router.add("GET", "/", named("root"));
    router.add("GET", "/metrics", named("metrics"));
    router.add("GET", "/api/v1/keys/{}/{}", named("key"));
    router.add("GET", "/reload", named("how"));
    router.add("POST", "/reload", named("reload"));
    struct Row {
      std::string method, path;
      int status;
      std::string body;
    };
    const std::string nothing = "there is no such page\n";
    const std::vector<Row> rows{
        {"GET", "/", 200, "root\n"},
        {"HEAD", "/metrics", 200, "metrics\n"},
        {"POST", "/reload", 200, "reload\n"},
        {"GET", "/reload", 200, "how\n"},
        {"GET", "/api/v1/keys/a/b c", 200, "key a b c\n"},
        {"GET", "/api/v1/keys/a/", 404, nothing},
        {"GET", "/api/v1/keys/a", 404, nothing},
        {"GET", "/api/v1/keys/a/b/c", 404, nothing},
        {"GET", "/metrics/", 404, nothing},
        {"GET", "//", 404, nothing},
        {"GET", "", 404, nothing},
        {"GET", "/Metrics", 404, nothing},
    };
    for (const auto& row : rows) {
      CAPTURE(row.method);
      CAPTURE(row.path);
      const auto response = router(request_for(row.method, row.path));
      CHECK(response.status == row.status);
      CHECK(response.body == row.body);
    }
  }

  TEST_CASE("a wrong method is told the right ones") {
    Router router;
    router.add("GET", "/a", named("get"));
    router.add("POST", "/a", named("post"));
    router.add("POST", "/b", named("post"));
    const auto both = router(request_for("DELETE", "/a"));
    CHECK(both.status == 405);
    CHECK(both.headers ==
          std::vector<std::pair<std::string, std::string>>{{"Allow", "GET, HEAD, POST"}});
    CHECK(both.body == "method not allowed here; use GET, HEAD, POST\n");
    const auto one = router(request_for("HEAD", "/b"));
    CHECK(one.status == 405);
    CHECK(one.headers[0].second == "POST");
  }
}
