#include <doctest/doctest.h>

#include "http/origin.h"

namespace aka::http {

TEST_SUITE_BEGIN("url");

TEST_CASE("a URL is read into origin and target") {
  struct Row {
    const char* text;
    const char* authority;
    const char* host_header;
    const char* target;
  };
  const Row rows[] = {
      {"https://cloud.mongodb.com", "cloud.mongodb.com:443", "cloud.mongodb.com", ""},
      {"HTTPS://Cloud.MongoDB.com/", "cloud.mongodb.com:443", "cloud.mongodb.com", "/"},
      {"https://ops.example:8443/opsmanager", "ops.example:8443", "ops.example:8443",
       "/opsmanager"},
      {"http://127.0.0.1:80/a?b=c@d", "127.0.0.1:80", "127.0.0.1", "/a?b=c@d"},
      {"http://h?x", "h:80", "h", "/?x"},
      {"https://[::1]:9/x", "[::1]:9", "[::1]:9", "/x"},
      {"https://[2001:db8::1]", "[2001:db8::1]:443", "[2001:db8::1]", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const auto url = parse_url(row.text);
    REQUIRE(url);
    CHECK(url->origin.authority() == row.authority);
    CHECK(url->origin.host_header() == row.host_header);
    CHECK(url->target == row.target);
  }
}

TEST_CASE("what is no plain URL is refused without being repeated") {
  const char* const bad[] = {
      "",
      "cloud.mongodb.com",
      "ftp://s3cret",
      "https://",
      "https:///s3cret",
      "https://u:s3cret@h",
      "https://h:0/s3cret",
      "https://h:65536/s3cret",
      "https://h:x/s3cret",
      "https://h/s3cret x",
      "https://h/s3cret\r\n",
      "https://h/#s3cret",
      "https://h\\s3cret",
      "https://[::1/s3cret",
      "https://[s3cret]",
      "https://[::1]s3cret",
      "https://h:/s3cret",
      "https://::1/s3cret",
      "https://h\xc3\xa4/s3cret",
  };
  for (const char* text : bad) {
    CAPTURE(text);
    const auto url = parse_url(text);
    REQUIRE_FALSE(url);
    CHECK(url.error().kind == base::ErrorKind::invalid_input);
    CHECK(url.error().message.find("s3cret") == std::string::npos);
  }
}

TEST_CASE("an origin has no path") {
  CHECK(parse_origin("http://proxy.example:3128/")->authority() == "proxy.example:3128");
  CHECK_FALSE(parse_origin("http://proxy.example:3128/x"));
  CHECK_FALSE(parse_origin("http://proxy.example:3128?x"));
}

TEST_SUITE_END();

}  // namespace aka::http
