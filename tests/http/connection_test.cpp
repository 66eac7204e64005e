#include "http/connection.h"

#include <future>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "client.h"

namespace aka::http {
namespace {

using testing::LoopbackServer;
using testing::Peer;

/// Answers every request of every connection with the same.
LoopbackServer::Script answering(Scheme scheme, std::string bytes) {
  return [=](Peer& peer, int) {
    if (!open(peer, scheme)) return;
    while (!peer.read_request().empty()) peer.send(bytes);
  };
}

}  // namespace

TEST_SUITE_BEGIN("connection");

TEST_CASE("requests follow each other over one connection") {
  for (const Scheme scheme : kBothSchemes) {
    LoopbackServer server(answering(scheme, answer("hello", "A: 1\r\na: 2\r\n")));
    Client client(loopback(scheme, server));
    for (int i = 0; i < 3; ++i) {
      const auto exchange = client.get();
      REQUIRE(exchange);
      CHECK(exchange->status == 200);
      CHECK(exchange->body == "hello");
      CHECK(exchange->all_headers("A") == std::vector<std::string_view>{"1", "2"});
    }
    CHECK(server.connections() == 1);
  }
}

TEST_CASE("nothing connects before the first request") {
  LoopbackServer server(answering(Scheme::http, answer("")));
  Client client(loopback(Scheme::http, server));
  CHECK(server.connections() == 0);
}

TEST_CASE("the request goes out as given and asks for no compression") {
  std::string seen;
  LoopbackServer server([&](Peer& peer, int) {
    seen = peer.read_request();
    peer.send(answer(""));
    peer.wait_until_gone();
  });
  Client client(loopback(Scheme::http, server));
  REQUIRE(client.send({.method = "POST",
                       .target = "/a%20b?c=%41&d=\"e\"",
                       .headers = {{"Authorization", "Digest x=\"%41\""}},
                       .body = "{\"x\":1}",
                       .content_type = "application/json"}));
  CHECK(seen.find("POST /a%20b?c=%41&d=\"e\" HTTP/1.1\r\n") == 0);
  CHECK(seen.find("\r\nHost: 127.0.0.1:" + std::to_string(server.port()) + "\r\n") !=
        std::string::npos);
  CHECK(seen.find("\r\nAuthorization: Digest x=\"%41\"\r\n") != std::string::npos);
  CHECK(seen.find("\r\nUser-Agent: test/1\r\n") != std::string::npos);
  CHECK(seen.find("\r\nContent-Type: application/json\r\n") != std::string::npos);
  CHECK(seen.find("\r\nContent-Length: 7\r\n") != std::string::npos);
  CHECK(seen.find("\r\n\r\n{\"x\":1}") != std::string::npos);
  CHECK(seen.find("Accept-Encoding") == std::string::npos);
}

TEST_CASE("a large body arrives whole") {
  for (const Scheme scheme : kBothSchemes) {
    std::size_t received = 0;
    LoopbackServer server([&](Peer& peer, int) {
      if (!open(peer, scheme)) return;
      received = peer.read_request().size();
      peer.send(answer("ok"));
      peer.wait_until_gone();
    });
    Client client(loopback(scheme, server));
    const std::size_t size = 3'000'000;
    REQUIRE(client.send({.method = "POST", .body = std::string(size, 'x')}));
    CHECK(received > size);
  }
}

TEST_CASE("an unfit request is refused before anything is sent") {
  LoopbackServer server(answering(Scheme::http, answer("")));
  Client client(loopback(Scheme::http, server));
  const auto exchange = client.send({.headers = {{"A", "b\r\nEvil: yes"}}});
  CHECK(failure_of(exchange).failure == Failure::invalid_request);
  CHECK(server.connections() == 0);
}

TEST_CASE("a redirect is an answer") {
  LoopbackServer server(answering(
      Scheme::http,
      "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/%41\r\nContent-Length: 0\r\n\r\n"));
  Client client(loopback(Scheme::http, server));
  const auto exchange = client.get();
  REQUIRE(exchange);
  CHECK(exchange->status == 302);
  CHECK(*exchange->header("location") == "http://127.0.0.1:1/%41");
}

TEST_CASE("a connection that closed while idle is replaced without a word") {
  for (const Scheme scheme : kBothSchemes) {
    LoopbackServer server([=](Peer& peer, int) {
      if (!open(peer, scheme)) return;
      peer.read_request();
      peer.send(answer("once"));
    });
    Client client(loopback(scheme, server));
    for (int i = 1; i <= 3; ++i) {
      REQUIRE(client.get());
      server.wait_for_ended(i);
    }
    CHECK(server.connections() == 3);
  }
}

TEST_CASE("what a server says while nothing was asked is nobody's answer") {
  for (const Scheme scheme : kBothSchemes) {
    std::promise<void> answered;
    LoopbackServer server([&, scheme](Peer& peer, int number) {
      if (!open(peer, scheme)) return;
      peer.read_request();
      peer.send(answer(std::to_string(number)));
      if (number > 0) return peer.wait_until_gone();
      answered.get_future().wait();
      peer.send("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");
    });
    Client client(loopback(scheme, server));
    CHECK(client.get().value().body == "0");
    answered.set_value();
    server.wait_for_ended(1);
    CHECK(client.get().value().body == "1");
  }
}

TEST_CASE("a reused connection that fails before the answer begins is replaced once") {
  for (const Scheme scheme : kBothSchemes) {
    for (const auto end : {&Peer::close, &Peer::cut, &Peer::reset, &Peer::garble}) {
      if (scheme == Scheme::http && end == &Peer::garble) continue;
      std::string repeated;
      LoopbackServer server([&, end](Peer& peer, int number) {
        if (!open(peer, scheme)) return;
        const auto request = peer.read_request();
        if (number > 0) repeated = request;
        peer.send(answer("first"));
        if (number > 0) return peer.wait_until_gone();
        peer.read_request();
        (peer.*end)();
      });
      Client client(loopback(scheme, server));
      REQUIRE(client.get("/one"));
      const auto exchange = client.get("/two");
      REQUIRE(exchange);
      CHECK(exchange->body == "first");
      CHECK(repeated.find("GET /two ") == 0);
      CHECK(server.connections() == 2);
    }
  }
}

TEST_CASE("the replacement's own failure is a failure") {
  for (const Scheme scheme : kBothSchemes) {
    LoopbackServer server([=](Peer& peer, int number) {
      if (!open(peer, scheme)) return;
      peer.read_request();
      if (number > 0) return;
      peer.send(answer("first"));
      peer.read_request();
    });
    Client client(loopback(scheme, server));
    REQUIRE(client.get());
    CHECK(failure_of(client.get()).failure == Failure::connect);
    CHECK(server.connections() == 2);
  }
}

TEST_CASE("a fresh connection that closes without an answer is a failure at once") {
  for (const Scheme scheme : kBothSchemes) {
    for (const auto end : {&Peer::close, &Peer::cut, &Peer::reset}) {
      LoopbackServer server([=](Peer& peer, int) {
        if (!open(peer, scheme)) return;
        peer.read_request();
        (peer.*end)();
      });
      Client client(loopback(scheme, server));
      const auto failure = failure_of(client.get());
      CHECK(failure.failure == Failure::connect);
      CHECK(failure.message.find("127.0.0.1:" + std::to_string(server.port())) == 0);
      CHECK(server.connections() == 1);
    }
  }
}

TEST_CASE("after the first byte of an answer nothing is tried again") {
  for (const Scheme scheme : kBothSchemes) {
    LoopbackServer server([=](Peer& peer, int) {
      if (!open(peer, scheme)) return;
      peer.read_request();
      peer.send(answer("first"));
      peer.read_request();
      peer.send("H");
    });
    Client client(loopback(scheme, server));
    REQUIRE(client.get());
    CHECK(failure_of(client.get()).failure == Failure::unreadable);
    CHECK(server.connections() == 1);
  }
}

TEST_CASE("after the first byte of an answer broken TLS is not tried again either") {
  LoopbackServer server([](Peer& peer, int) {
    if (!open(peer, Scheme::https)) return;
    peer.read_request();
    peer.send(answer("first"));
    peer.read_request();
    peer.send("H");
    peer.garble();
    peer.wait_until_gone();
  });
  Client client(loopback(Scheme::https, server));
  REQUIRE(client.get());
  CHECK(failure_of(client.get()).failure == Failure::tls);
  CHECK(server.connections() == 1);
}

TEST_CASE("a connection is left when the server says close, or says more than it was asked") {
  const std::string closing[] = {
      answer("x", "Connection: close\r\n"),
      "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx",
      answer("x") + "HTTP/1.1 200 OK\r\n",
  };
  for (const Scheme scheme : kBothSchemes) {
    for (const auto& bytes : closing) {
      CAPTURE(bytes);
      LoopbackServer server(answering(scheme, bytes));
      Client client(loopback(scheme, server));
      CHECK(client.get().value().body == "x");
      CHECK(client.get().value().body == "x");
      CHECK(server.connections() == 2);
    }
  }
}

TEST_CASE("dropping the idle connection makes the next request open another") {
  LoopbackServer server(answering(Scheme::http, answer("")));
  Client client(loopback(Scheme::http, server));
  REQUIRE(client.get());
  client.transport->drop_idle();
  server.wait_for_ended(1);
  REQUIRE(client.get());
  CHECK(server.connections() == 2);
}

TEST_CASE("a TLS connection that is dropped is ended first") {
  std::promise<bool> goodbye;
  LoopbackServer server([&](Peer& peer, int) {
    if (!open(peer, Scheme::https)) return;
    peer.read_request();
    peer.send(answer(""));
    peer.receive();
    goodbye.set_value(peer.was_told_goodbye());
  });
  Client client(loopback(Scheme::https, server));
  REQUIRE(client.get());
  client.transport->drop_idle();
  CHECK(goodbye.get_future().get());
}

TEST_CASE("a failed request leaves no connection that a later one could mistake for its own") {
  LoopbackServer server([](Peer& peer, int number) {
    peer.read_request();
    if (number == 0) peer.wait_until_gone();
    peer.send(answer("second"));
    peer.wait_until_gone();
  });
  Client client(loopback(Scheme::http, server));
  CHECK(failure_of(client.send({}, 50ms)).failure == Failure::timeout);
  CHECK(client.get().value().body == "second");
}

TEST_CASE("a port where nobody listens is a failure to connect that says where") {
  std::uint16_t port = 0;
  {
    LoopbackServer server([](Peer&, int) {});
    port = server.port();
  }
  Client client({Scheme::http, "127.0.0.1", port});
  const auto failure = failure_of(client.get());
  CHECK(failure.failure == Failure::connect);
  CHECK(failure.message ==
        "127.0.0.1:" + std::to_string(port) + ": cannot connect to 127.0.0.1: Connection refused");
}

TEST_CASE("every address of a name is tried in order") {
  LoopbackServer server(answering(Scheme::http, answer("found")));
  const auto address = [&](const char* text) {
    Resolver numeric(Client::no_lookup);
    base::StopSignal stop;
    return numeric.resolve(text, {in(1s), stop}).value().front();
  };
  // The server listens on 127.0.0.1 only.
  const std::vector<Address> three{address("::1"), address("127.0.0.2"), address("127.0.0.1")};
  Client client({Scheme::http, "three.example", server.port()},
                [=](const std::string&) -> base::Result<std::vector<Address>> { return three; });
  CHECK(client.get().value().body == "found");
}

TEST_CASE("eight connections share one trust store") {
  LoopbackServer server(answering(Scheme::https, answer("")));
  const auto before = test_trust().store.use_count();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(std::make_unique<Client>(loopback(Scheme::https, server)));
    CHECK(clients.back()->get());
  }
  CHECK(test_trust().store.use_count() == before + 8);
  CHECK(server.connections() == 8);
}

TEST_SUITE_END();

}  // namespace aka::http
