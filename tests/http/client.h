#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/stop.h"
#include "http/connection.h"
#include "support/certificates.h"
#include "support/loopback_server.h"
#include "support/scratch_file.h"

namespace aka::http {

using namespace std::chrono_literals;

inline std::chrono::steady_clock::time_point in(std::chrono::milliseconds time) {
  return std::chrono::steady_clock::now() + time;
}

inline Origin loopback(Scheme scheme, const testing::LoopbackServer& server) {
  return {scheme, "127.0.0.1", server.port()};
}

/// The authority that every test server's certificate comes from, unless the test is about that.
struct TestTrust {
  testing::Authority authority{"test authority"};
  testing::Identity identity = authority.issue("DNS:localhost,IP:127.0.0.1");
  std::shared_ptr<const TrustStore> store;

  TestTrust() {
    const testing::ScratchFile file(authority.certificate());
    store = TrustStore::load(file.path()).value();
  }
};

inline TestTrust& test_trust() {
  static TestTrust trust;
  return trust;
}

/// A client with everything it needs, one connection.
struct Client {
  explicit Client(Origin origin, Resolver::Lookup lookup = {}, std::optional<Origin> proxy = {})
      : resolver(lookup ? std::move(lookup) : no_lookup),
        transport(connect_to(std::move(origin), {test_trust().store, std::move(proxy), "test/1"},
                             resolver)) {}

  Exchange get(const std::string& target = "/") { return send({.target = target}); }
  Exchange send(const Request& request, std::chrono::milliseconds limit = 20s) {
    return transport->send(request, {in(limit), stop});
  }

  static base::Result<std::vector<Address>> no_lookup(const std::string&) {
    return base::fail(base::ErrorKind::not_found, "this test looks nothing up");
  }

  base::StopSignal stop;
  Resolver resolver;
  std::unique_ptr<HttpTransport> transport;
};

/// The failure of an exchange that must have failed.
inline TransportError failure_of(const Exchange& exchange) {
  return exchange ? TransportError{Failure{-1}, exchange->status, "it succeeded"}
                  : exchange.error();
}

inline std::string answer(const std::string& body, const std::string& headers = {}) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers +
         "\r\n" + body;
}

/// Starts TLS where the scheme wants it.
inline bool open(testing::Peer& peer, Scheme scheme) {
  return scheme == Scheme::http || peer.start_tls(test_trust().identity);
}

inline constexpr Scheme kBothSchemes[] = {Scheme::http, Scheme::https};

}  // namespace aka::http
