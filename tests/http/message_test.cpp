#include "http/message.h"

#include <doctest/doctest.h>

#include "http/request_check.h"

namespace aka::http {

TEST_SUITE_BEGIN("message");

TEST_CASE("headers are found whatever their case, all of them in order") {
  const Answer answer{
      401, {{"WWW-Authenticate", "Digest a"}, {"X", "y"}, {"www-authenticate", "b"}}, ""};
  REQUIRE(answer.header("www-AUTHENTICATE") != nullptr);
  CHECK(*answer.header("www-AUTHENTICATE") == "Digest a");
  CHECK(answer.all_headers("WWW-Authenticate") == std::vector<std::string_view>{"Digest a", "b"});
  CHECK(answer.header("WWW-Authenticat") == nullptr);
  CHECK(answer.all_headers("Z").empty());
}

TEST_CASE("a request that would say something else on the wire is unfit") {
  const auto with_header = [](std::string name, std::string value) {
    return Request{.headers = {{std::move(name), std::move(value)}}};
  };
  const Request unfit[] = {
      {.method = "GET /x HTTP/1.1\r\nGET"},
      {.method = ""},
      {.target = ""},
      {.target = "x"},
      {.target = "http://elsewhere/"},
      {.target = "/a b"},
      {.target = "/a\r\nEvil: yes"},
      {.target = "/\xc3\xa4"},
      {.content_type = "text/plain\r\nEvil: yes"},
      with_header("", "x"),
      with_header("A B", "x"),
      with_header("A:", "x"),
      with_header("A\r\nEvil", "x"),
      with_header("A", "s3cret\r\nEvil: yes"),
      with_header("A", "s3cret\n"),
      with_header("A", std::string("s3cret\0", 7)),
      with_header("content-length", "5"),
      with_header("Host", "elsewhere"),
      with_header("Transfer-Encoding", "chunked"),
      with_header("Connection", "close"),
  };
  for (const auto& request : unfit) {
    CAPTURE(request.method);
    CAPTURE(request.target);
    const auto why = what_is_unfit(request);
    REQUIRE(why);
    CHECK(why->find("s3cret") == std::string::npos);
  }
  CHECK_FALSE(what_is_unfit({.target = "/a?b=%20c", .headers = {{"A-b", "tab\tand \xc3\xa4"}}}));
}

TEST_SUITE_END();

}  // namespace aka::http
