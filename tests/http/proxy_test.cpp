#include <string>

#include <doctest/doctest.h>

#include "client.h"

namespace aka::http {
namespace {

using testing::LoopbackServer;
using testing::Peer;

const std::string kTunnel = "HTTP/1.1 200 Connection established\r\n\r\n";

/// A proxy that notes what it is asked and is the origin itself once the tunnel stands.
struct Proxy {
  std::string connect;
  std::string request;
  LoopbackServer server;

  explicit Proxy(Scheme scheme)
      : server([this, scheme](Peer& peer, int) {
          connect = peer.read_request();
          peer.send(kTunnel);
          if (!open(peer, scheme)) return;
          request = peer.read_request();
          peer.send(answer("through"));
          peer.wait_until_gone();
        }) {}
};

TransportError failure_with_proxy_answer(const std::string& bytes) {
  LoopbackServer server([=](Peer& peer, int) {
    peer.read_request();
    peer.send(bytes);
  });
  Client client({Scheme::https, "localhost", 443}, {}, loopback(Scheme::http, server));
  return failure_of(client.get());
}

}  // namespace

TEST_SUITE_BEGIN("proxy");

TEST_CASE("a proxy is asked for a tunnel by name and sees nothing of the request") {
  for (const Scheme scheme : kBothSchemes) {
    Proxy proxy(scheme);
    // The client's resolver fails for every name, so the proxy must be the one that resolves.
    Client client({scheme, "localhost", 8443}, {}, loopback(Scheme::http, proxy.server));
    const auto exchange =
        client.send({.target = "/path", .headers = {{"Authorization", "s3cret"}}});
    REQUIRE(exchange);
    CHECK(exchange->body == "through");
    CHECK(proxy.connect ==
          "CONNECT localhost:8443 HTTP/1.1\r\nHost: localhost:8443\r\nUser-Agent: test/1\r\n\r\n");
    CHECK(proxy.request.find("GET /path HTTP/1.1\r\n") == 0);
    CHECK(proxy.request.find("Authorization: s3cret") != std::string::npos);
    CHECK(proxy.request.find("Host: localhost:8443\r\n") != std::string::npos);
  }
}

TEST_CASE("the certificate behind a tunnel is verified against the origin's name") {
  Proxy proxy(Scheme::https);
  Client client({Scheme::https, "other.example", 443}, {}, loopback(Scheme::http, proxy.server));
  CHECK(failure_of(client.get()).failure == Failure::tls);
}

TEST_CASE("an IPv6 origin goes into CONNECT with brackets") {
  Proxy proxy(Scheme::http);
  Client client({Scheme::http, "2001:db8::1", 80}, {}, loopback(Scheme::http, proxy.server));
  REQUIRE(client.get());
  CHECK(proxy.connect.find("CONNECT [2001:db8::1]:80 HTTP/1.1\r\n") == 0);
}

TEST_CASE("what the proxy refuses or garbles is its own failure, with no status") {
  struct Row {
    const char* bytes;
    const char* said;
  };
  const Row rows[] = {
      {"HTTP/1.1 407 Auth\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n", "407"},
      {"HTTP/1.1 403 No\r\nContent-Length: 3\r\n\r\nno!", "403"},
      {"HTTP/1.1 502 Bad\r\n\r\n", "502"},
      {"HTTP/1.1 302 Go\r\nLocation: /\r\n\r\n", "302"},
      {"nonsense\r\n\r\n", "no HTTP"},
      {"HTTP/1.1 200 OK\r\n\r\nunasked", "nobody asked"},
      {"HTTP/1.1 200 OK\r\nA: b", "closed"},
      {"", "closed"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.bytes);
    const auto failure = failure_with_proxy_answer(row.bytes);
    CHECK(failure.failure == Failure::proxy);
    CHECK(failure.status == 0);
    CHECK(failure.message.find("proxy 127.0.0.1:") != std::string::npos);
    CHECK(failure.message.find(row.said) != std::string::npos);
  }
  const auto endless =
      failure_with_proxy_answer("HTTP/1.1 200 OK\r\nA: " + std::string(1'000'000, 'x'));
  CHECK(endless.failure == Failure::proxy);
  CHECK(endless.status == 0);
}

TEST_CASE("a proxy that cannot be reached or found is its own failure") {
  Client unreachable({Scheme::https, "localhost", 443}, {}, Origin{Scheme::http, "127.0.0.1", 1});
  CHECK(failure_of(unreachable.get()).failure == Failure::proxy);
  Client unknown({Scheme::https, "localhost", 443}, {}, Origin{Scheme::http, "proxy.example", 1});
  CHECK(failure_of(unknown.get()).failure == Failure::proxy);
}

TEST_SUITE_END();

}  // namespace aka::http
