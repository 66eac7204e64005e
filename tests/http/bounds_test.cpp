// What a server may send, and what becomes of the rest.
#include <atomic>
#include <csignal>
#include <string>

#include <doctest/doctest.h>

#include "client.h"

namespace aka::http {
namespace {

using testing::LoopbackServer;
using testing::Peer;

/// Sends the bytes to the first request of each connection and closes.
Exchange exchange_with(Scheme scheme, const std::string& bytes, const Request& request = {}) {
  LoopbackServer server([&](Peer& peer, int) {
    if (!open(peer, scheme)) return;
    peer.read_request();
    peer.send(bytes);
  });
  Client client(loopback(scheme, server));
  return client.send(request);
}

std::string chunked(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body;
}

/// Sends `piece` until the client leaves; says how many bytes it got rid of.
struct EndlessServer {
  std::atomic<std::size_t> sent{0};
  LoopbackServer server;

  EndlessServer(std::string head, std::string piece)
      : server([this, head = std::move(head), piece = std::move(piece)](Peer& peer, int) {
          peer.read_request();
          peer.send(head);
          while (peer.send(piece)) sent += piece.size();
        }) {}
};

/// More than the limit and the socket buffers, far less than endless.
constexpr std::size_t kFlat = 16 * 1024 * 1024;

}  // namespace

TEST_SUITE_BEGIN("bounds");

TEST_CASE("whole answers are read, however they are framed") {
  struct Row {
    const char* name;
    std::string bytes;
    std::string body;
  };
  const Row rows[] = {
      {"length", answer("hello"), "hello"},
      {"no body", answer(""), ""},
      {"one byte", answer("x"), "x"},
      {"until close", "HTTP/1.1 200 OK\r\n\r\nhello", "hello"},
      {"interim answers",
       "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 103 E\r\nLink: x\r\n\r\n" + answer("hello"), "hello"},
      {"chunks", chunked("5\r\nhello\r\n6;a=b\r\n world\r\n0\r\n\r\n"), "hello world"},
      {"no chunk", chunked("0\r\n\r\n"), ""},
      {"tiny chunks", chunked("1\r\n\n\r\n1\r\n\r\r\n2\r\n\r\n\r\n0\r\n\r\n"), "\n\r\r\n"},
      {"not decoded", answer("\x1f\x8b nonsense", "Content-Encoding: gzip\r\n"),
       "\x1f\x8b nonsense"},
  };
  for (const Scheme scheme : kBothSchemes) {
    for (const auto& row : rows) {
      CAPTURE(row.name);
      const auto exchange = exchange_with(scheme, row.bytes);
      REQUIRE(exchange);
      CHECK(exchange->status == 200);
      CHECK(exchange->body == row.body);
    }
  }
}

TEST_CASE("answers without a body end with their head") {
  const std::string head = "Content-Length: 5\r\n\r\n";
  CHECK(exchange_with(Scheme::http, "HTTP/1.1 200 OK\r\n" + head, {.method = "HEAD"})
            .value()
            .body.empty());
  CHECK(exchange_with(Scheme::http, "HTTP/1.1 204 x\r\n\r\n").value().status == 204);
  CHECK(exchange_with(Scheme::http, "HTTP/1.1 304 x\r\n" + head).value().status == 304);
}

TEST_CASE("what is no whole HTTP answer is unreadable and keeps its status") {
  struct Row {
    const char* name;
    std::string bytes;
    int status;
  };
  const Row rows[] = {
      {"not HTTP", "SSH-2.0-OpenSSH_9.2p1\r\n", 0},
      {"HTML", "<html>hello</html>", 0},
      {"binary", std::string("\0\1\2\3", 4), 0},
      {"cut in the status line", "HTTP/1.1 20", 0},
      {"cut in the headers", "HTTP/1.1 503 No\r\nContent-Le", 503},
      {"cut before the body", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200},
      {"cut in the body", "HTTP/1.1 404 No\r\nContent-Length: 5\r\n\r\nhel", 404},
      {"cut in a chunk", chunked("5\r\nhel"), 200},
      {"cut after a chunk", chunked("5\r\nhello\r\n"), 200},
      {"cut in the last chunk", chunked("5\r\nhello\r\n0\r\n"), 200},
      {"chunk longer than it says", chunked("5\r\nhelloGARBAGE\r\n0\r\n\r\n"), 200},
      {"chunk without size", chunked("zz\r\nhello\r\n0\r\n\r\n"), 200},
      {"chunk of negative size", chunked("-5\r\nhello\r\n0\r\n\r\n"), 200},
      {"chunk of impossible size", chunked("fffffffffffffffff\r\nhello\r\n0\r\n\r\n"), 200},
      {"unknown coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nx", 200},
  };
  for (const Scheme scheme : kBothSchemes) {
    for (const auto& row : rows) {
      CAPTURE(row.name);
      const auto failure = failure_of(exchange_with(scheme, row.bytes));
      CHECK(failure.failure == Failure::unreadable);
      CHECK(failure.status == row.status);
    }
  }
}

TEST_CASE("over TLS a body that ends with the connection needs TLS to say so") {
  LoopbackServer server([](Peer& peer, int) {
    if (!open(peer, Scheme::https)) return;
    peer.read_request();
    peer.send("HTTP/1.1 200 OK\r\n\r\nhalf");
    peer.cut();
  });
  Client client(loopback(Scheme::https, server));
  CHECK(failure_of(client.get()).failure == Failure::unreadable);
}

TEST_CASE("a body may be as large as the limit and no larger") {
  const std::string body(1000, 'x');
  const std::string rows[] = {answer(body), "HTTP/1.1 200 OK\r\n\r\n" + body,
                              chunked("3e8\r\n" + body + "\r\n0\r\n\r\n")};
  for (const auto& bytes : rows) {
    CAPTURE(bytes.substr(0, 60));
    CHECK(exchange_with(Scheme::http, bytes, {.body_limit = 1000}).value().body.size() == 1000);
    const auto failure = failure_of(exchange_with(Scheme::http, bytes, {.body_limit = 999}));
    CHECK(failure.failure == Failure::too_large);
    CHECK(failure.status == 200);
  }
}

TEST_CASE("a body that is announced too large is not waited for") {
  LoopbackServer server([](Peer& peer, int) {
    peer.read_request();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
    peer.wait_until_gone();
  });
  Client client(loopback(Scheme::http, server));
  const auto failure = failure_of(client.get());
  CHECK(failure.failure == Failure::too_large);
  CHECK(failure.status == 200);
}

TEST_CASE("an endless body costs no more than the limit") {
  EndlessServer plain("HTTP/1.1 200 OK\r\n\r\n", std::string(10'000, 'x'));
  EndlessServer in_chunks(chunked(""), "5\r\nhello\r\n");
  for (auto* endless : {&plain, &in_chunks}) {
    Client client(loopback(Scheme::http, endless->server));
    CHECK(failure_of(client.get()).failure == Failure::too_large);
    endless->server.wait_for_ended(1);
    CHECK(endless->sent < kFlat);
  }
}

TEST_CASE("endless headers, status lines and chunk sizes cost no more than the limit") {
  struct Row {
    const char* name;
    std::string head;
    std::string piece;
    Failure failure;
    int status;
  };
  const Row rows[] = {
      {"many headers", "HTTP/1.1 200 OK\r\n", "A: b\r\n", Failure::too_large, 200},
      {"one header", "HTTP/1.1 200 OK\r\nA: ", "bbbbbbbb", Failure::too_large, 200},
      {"status line", "HTTP/1.1 200 ", "OKOKOKOK", Failure::too_large, 0},
      {"interim answers", "", "HTTP/1.1 100 Continue\r\n\r\n", Failure::too_large, 0},
      {"chunk size", chunked("1;"), "aaaaaaaa", Failure::unreadable, 200},
      {"zeros before a chunk size", chunked(""), "00000000", Failure::unreadable, 200},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    EndlessServer endless(row.head, row.piece);
    Client client(loopback(Scheme::http, endless.server));
    const auto failure = failure_of(client.get());
    CHECK(failure.failure == row.failure);
    if (row.status != 0) CHECK(failure.status == row.status);
    endless.server.wait_for_ended(1);
    CHECK(endless.sent < kFlat);
  }
}

TEST_CASE("headers may be as large as the limit, one by one and together") {
  const std::string head =
      "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nA: " + std::string(60'000, 'x') + "\r\n\r\n";
  CHECK(exchange_with(Scheme::http, head).value().header("a")->size() == 60'000);
  CHECK(exchange_with(Scheme::http, head, {.header_limit = head.size()}));
  CHECK(failure_of(exchange_with(Scheme::http, head, {.header_limit = head.size() - 1})).failure ==
        Failure::too_large);
}

TEST_CASE("writing to a server that has left raises no signal") {
  const auto before = std::signal(SIGPIPE, SIG_DFL);  // which would end the tests here
  for (const Scheme scheme : kBothSchemes) {
    // An end and only then a reset is what makes the kernel answer a write with EPIPE.
    LoopbackServer server([=](Peer& peer, int) {
      if (!open(peer, scheme)) return;
      peer.close();
      peer.reset();
    });
    Client client(loopback(scheme, server));
    const auto exchange = client.send({.method = "POST", .body = std::string(20'000'000, 'x')});
    CHECK(failure_of(exchange).failure == Failure::connect);
  }
  std::signal(SIGPIPE, before);
}

TEST_SUITE_END();

}  // namespace aka::http
