#include "base/listen_address.h"

#include <vector>

#include <doctest/doctest.h>

using namespace aka::base;

TEST_SUITE("listen address") {
  TEST_CASE("host and port are read, and printed back the same") {
    const std::vector<std::pair<std::string, ListenAddress>> rows{
        {"127.0.0.1:9974", {"127.0.0.1", 9974}},
        {"localhost:0", {"localhost", 0}},
        {"[::1]:9974", {"::1", 9974}},
        {"[fe80::1%eth0]:80", {"fe80::1%eth0", 80}},
        {":65535", {"", 65535}},
    };
    for (const auto& [text, expected] : rows) {
      CAPTURE(text);
      const auto address = parse_listen_address(text);
      REQUIRE(address);
      CHECK(*address == expected);
      CHECK(to_string(*address) == text);
    }
  }

  TEST_CASE("anything else is an error that shows the form") {
    for (const auto* text :
         {"", "9974", "localhost", "localhost:", "a:-1", "a:65536", "a:80x", "a: 80", "::1:9974",
          "[::1]", "[::1:80", "[]:80", "[a]:80", "::1", "http://a:80", "a b:80"}) {
      CAPTURE(text);
      const auto address = parse_listen_address(text);
      REQUIRE_FALSE(address);
      CHECK(address.error().kind == aka::base::ErrorKind::invalid_input);
      CHECK(address.error().message ==
            "'" + std::string(text) +
                "' is no address to listen on; write it like 127.0.0.1:9974, [::1]:9974 or :9974");
    }
  }
}
