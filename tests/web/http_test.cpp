#include "web/http.h"

#include <doctest/doctest.h>

using namespace aka::web;

TEST_SUITE("web http") {
  TEST_CASE("a header is found whatever its case, and the first of several counts") {
    Request request;
    request.headers.emplace("Accept", "first");
    request.headers.emplace("ACCEPT", "second");
    CHECK(request.header("accept") == "first");
    CHECK(request.header("Accept-Encoding").empty());
    CHECK(request.header("A").empty());
  }

  TEST_CASE("a parameter is found and decoded") {
    Request request;
    request.query = "a=1&b=x+y%2Fz&a=2&flag&%63=3&bad=%zz%4&empty=";
    CHECK(request.parameter("a") == "1");
    CHECK(request.parameter("b") == "x y/z");
    CHECK(request.parameter("c") == "3");
    CHECK(request.parameter("bad") == "%zz%4");
    CHECK(request.parameter("flag").empty());
    CHECK(request.parameter("absent").empty());
  }

  TEST_CASE("plain text ends with a newline") {
    const auto response = plain(404, "no");
    CHECK(response.status == 404);
    CHECK(response.body == "no\n");
    CHECK(response.content_type == "text/plain; charset=utf-8");
  }
}
