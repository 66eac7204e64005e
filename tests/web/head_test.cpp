#include "web/head.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace aka::web;
using State = HeadScanner::State;
using namespace std::string_literals;

TEST_SUITE("web head") {
  TEST_CASE("the scanner finds the end of a head and nothing else, wherever the reads cut it") {
    struct Row {
      std::string received;
      State state;
      std::size_t size;
    };
    const std::vector<Row> rows{
        {"", State::incomplete, 0},
        {"GET / HTTP/1.1\r\n", State::incomplete, 16},
        {"GET / HTTP/1.1\r\n\r\n", State::complete, 18},
        {"GET / HTTP/1.1\r\nA: b\r\n\r\nGET /next", State::complete, 24},
        {"GET / HTTP/1.1\r\nA:\tb\r\n\r\n", State::complete, 24},
        {"GET / HTTP/1.1\n", State::malformed, 14},
        {"GET / HTTP/1.1\rX", State::malformed, 15},
        {"GET /\0 HTTP/1.1\r\n\r\n"s, State::malformed, 5},
        {"\x16\x03\x01", State::malformed, 0},
        {"GET /\x7f", State::malformed, 5},
    };
    for (const auto& row : rows) {
      CAPTURE(row.received);
      HeadScanner at_once;
      CHECK(at_once.look_at(row.received) == row.state);
      if (row.state == State::complete) CHECK(at_once.size() == row.size);
      HeadScanner byte_by_byte;
      auto state = State::incomplete;
      for (std::size_t n = 0; n <= row.received.size() && state == State::incomplete; ++n) {
        state = byte_by_byte.look_at(std::string_view(row.received).substr(0, n));
      }
      CHECK(state == row.state);
    }
  }

  TEST_CASE("header values are kept as sent, without the blanks around them") {
    const auto head =
        parse_head("GET /a HTTP/1.1\r\nX-Uri:  /a%2Fb?c=%41 \t\r\nEmpty:\r\nx-uri: 2\r\n\r\n");
    REQUIRE(head);
    CHECK(head->line == "GET /a HTTP/1.1");
    CHECK(head->headers.count("X-URI") == 2);
    CHECK(head->headers.find("empty")->second.empty());
    CHECK(head->headers.lower_bound("x-URI")->second == "/a%2Fb?c=%41");
    CHECK(head->body_length == 0);
    CHECK(head->keep_alive);
    CHECK_FALSE(head->expects_continue);
  }

  TEST_CASE("a request line is three words, one space between each, of a version we speak") {
    for (const std::string line :
         {"", "GET", "GET /", "GET / ", " GET / HTTP/1.1", "GET  / HTTP/1.1", "GET /  HTTP/1.1",
          "GET /a b HTTP/1.1", "GET /\t HTTP/1.1", "GET / HTTP/1.1 ", "GET / HTTP/2.0",
          "G(T / HTTP/1.1", "GET / http/1.1"}) {
      CAPTURE(line);
      const auto head = parse_head(line + "\r\n\r\n");
      REQUIRE_FALSE(head);
      CHECK(head.error().status == 400);
    }
  }

  TEST_CASE("a connection is kept only for HTTP/1.1 without a close") {
    const std::vector<std::pair<std::string, bool>> rows{
        {"GET / HTTP/1.1\r\n\r\n", true},
        {"GET / HTTP/1.1\r\nConnection: Keep-Alive\r\n\r\n", true},
        {"GET / HTTP/1.1\r\nConnection: CLOSE\r\n\r\n", false},
        {"GET / HTTP/1.1\r\nConnection: te, close\r\n\r\n", false},
        {"GET / HTTP/1.1\r\nConnection: te\r\nConnection: close\r\n\r\n", false},
        {"GET / HTTP/1.0\r\n\r\n", false},
    };
    for (const auto& [text, kept] : rows) {
      CAPTURE(text);
      const auto head = parse_head(text);
      REQUIRE(head);
      CHECK(head->keep_alive == kept);
    }
  }

  TEST_CASE("the length of a body is one plain number, or the request is refused") {
    struct Row {
      std::string headers;
      int refused;  // or 0
      std::uint64_t length;
    };
    const std::vector<Row> rows{
        {"Content-Length: 12\r\n", 0, 12},
        {"content-length:0\r\n", 0, 0},
        {"Content-Length: 18446744073709551615\r\n", 0, 18446744073709551615U},
        {"Content-Length: 18446744073709551616\r\n", 400, 0},
        {"Content-Length: -1\r\n", 400, 0},
        {"Content-Length: +1\r\n", 400, 0},
        {"Content-Length: 1, 1\r\n", 400, 0},
        {"Content-Length:\r\n", 400, 0},
        {"Content-Length: 5\r\nContent-Length: 5\r\n", 400, 0},
        {"Transfer-Encoding: chunked\r\n", 411, 0},
        {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 411, 0},
        {"no colon\r\n", 400, 0},
        {"Name : value\r\n", 400, 0},
        {": value\r\n", 400, 0},
        {"A: b\r\n folded\r\n", 400, 0},
    };
    for (const auto& row : rows) {
      CAPTURE(row.headers);
      const auto head = parse_head("POST / HTTP/1.1\r\n" + row.headers + "\r\n");
      CHECK(head.has_value() == (row.refused == 0));
      if (head) {
        CHECK(head->body_length == row.length);
      } else {
        CHECK(head.error().status == row.refused);
      }
    }
  }

  TEST_CASE("only the one known expectation counts") {
    CHECK(parse_head("PUT / HTTP/1.1\r\nExpect: 100-Continue\r\n\r\n")->expects_continue);
    CHECK_FALSE(parse_head("PUT / HTTP/1.1\r\nExpect: wonders\r\n\r\n")->expects_continue);
  }
}
