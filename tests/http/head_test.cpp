#include "http/head.h"

#include <string>

#include <doctest/doctest.h>

namespace aka::http {

TEST_SUITE_BEGIN("head");

TEST_CASE("the head says how the body is framed and whether the connection may stay") {
  struct Row {
    const char* text;
    const char* method;
    int status;
    Framing framing;
    std::uint64_t length;
    bool keep_alive;
  };
  const Row rows[] = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "GET", 200, Framing::length, 5, true},
      {"HTTP/1.1 200\r\ncontent-length:5\r\n\r\n", "GET", 200, Framing::length, 5, true},
      {"HTTP/1.1 200 \nContent-Length: 5\n\n", "GET", 200, Framing::length, 5, true},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n", "GET", 200, Framing::length, 5, true},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n", "GET", 200, Framing::chunked, 0,
       true},
      {"HTTP/1.1 200 OK\r\n\r\n", "GET", 200, Framing::until_close, 0, false},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD", 200, Framing::none, 0, true},
      {"HTTP/1.1 204 No Content\r\n\r\n", "GET", 204, Framing::none, 0, true},
      {"HTTP/1.1 304 Not Modified\r\n\r\n", "GET", 304, Framing::none, 0, true},
      {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", "GET", 200,
       Framing::length, 0, false},
      {"HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 0\r\n\r\n", "GET", 200,
       Framing::length, 0, false},
      {"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", "GET", 200, Framing::length, 0, false},
      {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", "GET", 200,
       Framing::length, 0, true},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    const auto head = parse_head(row.text, row.method);
    REQUIRE(head);
    CHECK(head->status == row.status);
    CHECK(head->framing == row.framing);
    CHECK(head->length == row.length);
    CHECK(head->keep_alive == row.keep_alive);
  }
}

TEST_CASE("header values are trimmed and otherwise untouched") {
  const auto head =
      parse_head("HTTP/1.1 401 x\r\nA:\t 100%25 %41+ \r\nB:\r\na: second\r\n\r\n", "GET");
  REQUIRE(head);
  const HeaderList expected{{"A", "100%25 %41+"}, {"B", ""}, {"a", "second"}};
  CHECK(head->headers == expected);
}

TEST_CASE("ambiguous and malformed heads are refused") {
  const char* const bad[] = {
      "ICY 200 OK\r\n\r\n",
      "HTTP/2 200\r\n\r\n",
      "HTTP/1.1 20\r\n\r\n",
      "HTTP/1.1 2000\r\n\r\n",
      "HTTP/1.1 099 x\r\n\r\n",
      "HTTP/1.1  200 OK\r\n\r\n",
      "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
      "HTTP/1.1 200 OK\r\n: no name\r\n\r\n",
      "HTTP/1.1 200 OK\r\nA : space\r\n\r\n",
      "HTTP/1.1 200 OK\r\nA: 1\r\n folded\r\n\r\n",
      "HTTP/1.1 200 OK\r\nA: 1\rB: 2\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
  };
  for (const char* text : bad) {
    CAPTURE(text);
    CHECK_FALSE(parse_head(text, "GET"));
  }
}

TEST_CASE("a head is found wherever the bytes are split, interim answers passed over") {
  const std::string interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n";
  const std::string head = "HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 4\r\n\r\n";
  const std::string all = interim + head + "body";
  for (std::size_t split = 0; split <= all.size(); ++split) {
    CAPTURE(split);
    HeadReader reader("GET", 1000);
    auto found = reader.feed(all.substr(0, split));
    REQUIRE(found);
    if (!*found) found = reader.feed(all.substr(split));
    REQUIRE(found);
    REQUIRE(*found);
    CHECK((*found)->status == 200);
    CHECK((*found)->headers.size() == 2);
    CHECK(std::string("body").substr(0, reader.rest().size()) == reader.rest());
  }
}

TEST_CASE("a head is found byte by byte") {
  const std::string text = "HTTP/1.1 200 OK\nA: b\r\n\n";
  HeadReader reader("GET", text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto found = reader.feed(text.substr(i, 1));
    REQUIRE(found);
    CHECK(found->has_value() == (i + 1 == text.size()));
    CHECK(reader.status() == (i >= 15 ? 200 : 0));
  }
}

TEST_CASE("what cannot become an answer is refused at its first wrong byte") {
  struct Row {
    const char* bytes;
    Failure failure;
    int status;
  };
  const Row rows[] = {
      {"<", Failure::unreadable, 0},
      {"HTTP/2", Failure::unreadable, 0},
      {"HTTP/1.1 abc\r\n", Failure::unreadable, 0},
      {"HTTP/1.1 101 Switching\r\n\r\n", Failure::unreadable, 101},
      {"HTTP/1.1 200 OK\r\nbroken\r\n\r\n", Failure::unreadable, 200},
      {"HTTP/1.1 503 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", Failure::too_large,
       0},
      {"HTTP/1.1 503 No\r\nA: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", Failure::too_large,
       503},
      {"HTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\n", Failure::too_large,
       100},
  };
  for (const auto& row : rows) {
    CAPTURE(row.bytes);
    HeadReader reader("GET", 50);
    const auto found = reader.feed(row.bytes);
    REQUIRE_FALSE(found);
    CHECK(found.error().failure == row.failure);
    CHECK(found.error().status == row.status);
  }
}

TEST_SUITE_END();

}  // namespace aka::http
