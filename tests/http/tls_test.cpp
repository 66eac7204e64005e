#include <arpa/inet.h>
#include <cstdlib>
#include <memory>
#include <netinet/in.h>
#include <string>

#include <doctest/doctest.h>
#include <openssl/ssl.h>

#include "client.h"

namespace aka::http {
namespace {

using testing::Authority;
using testing::Identity;
using testing::LoopbackServer;
using testing::Peer;
using testing::ScratchFile;

base::Result<std::vector<Address>> always_loopback(const std::string&) {
  Address address;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  v4->sin_family = AF_INET;
  v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.length = sizeof *v4;
  return std::vector{address};
}

/// A server with that certificate, asked under that name by a client with that store.
Exchange ask(const Identity& identity, const std::string& host,
             const std::shared_ptr<const TrustStore>& store, int newest_version = TLS1_3_VERSION) {
  LoopbackServer server([&](Peer& peer, int) {
    if (!peer.start_tls(identity, newest_version)) return;
    peer.read_request();
    peer.send(answer(peer.server_name()));
  });
  base::StopSignal stop;
  Resolver resolver(always_loopback);
  const auto transport =
      connect_to({Scheme::https, host, server.port()}, {store, {}, "test/1"}, resolver);
  return transport->send({}, {in(20s), stop});
}

Exchange ask(const Identity& identity, const std::string& host) {
  return ask(identity, host, test_trust().store);
}

/// Where OpenSSL looks for the system's anchors, for a while.
struct SystemAnchors {
  explicit SystemAnchors(const std::string& path) {
    ::setenv("SSL_CERT_FILE", path.c_str(), 1);
    ::setenv("SSL_CERT_DIR", "/nonexistent", 1);
  }
  ~SystemAnchors() {
    ::unsetenv("SSL_CERT_FILE");
    ::unsetenv("SSL_CERT_DIR");
  }
};

}  // namespace

TEST_SUITE_BEGIN("tls");

TEST_CASE("a certificate must be for the name or the address that was asked for") {
  const auto& authority = test_trust().authority;
  struct Row {
    const char* names;
    const char* host;
    bool fits;
  };
  const Row rows[] = {
      {"DNS:a.example", "a.example", true},
      {"DNS:b.example,DNS:a.example", "a.example", true},
      {"DNS:*.example.com", "a.example.com", true},
      {"IP:127.0.0.1", "127.0.0.1", true},
      {"DNS:b.example", "a.example", false},
      {"DNS:*.example.com", "a.b.example.com", false},
      {"DNS:a*.example.com", "ab.example.com", false},
      {"DNS:localhost", "127.0.0.1", false},
      {"DNS:127.0.0.1", "127.0.0.1", false},
      {"IP:127.0.0.2", "127.0.0.1", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.names);
    CAPTURE(row.host);
    const auto exchange = ask(authority.issue(row.names), row.host);
    CHECK(exchange.has_value() == row.fits);
    if (row.fits) continue;
    const auto failure = failure_of(exchange);
    CHECK(failure.failure == Failure::tls);
    CHECK(failure.message.find("mismatch") != std::string::npos);
  }
}

TEST_CASE("the hello names the host, but never an address") {
  const auto& authority = test_trust().authority;
  CHECK(ask(authority.issue("DNS:a.example"), "a.example").value().body == "a.example");
  CHECK(ask(authority.issue("IP:127.0.0.1"), "127.0.0.1").value().body.empty());
}

TEST_CASE("a certificate that does not verify is a TLS failure that says why") {
  const Authority stranger("stranger");
  struct Row {
    Identity identity;
    const char* why;
  };
  const std::string names = "DNS:a.example";
  const Row rows[] = {
      {test_trust().authority.issue(names, {-10, -1}), "certificate has expired"},
      {test_trust().authority.issue(names, {1, 10}), "certificate is not yet valid"},
      {stranger.issue(names), "unable to get local issuer certificate"},
      {testing::self_signed(names), "self-signed certificate"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.why);
    const auto failure = failure_of(ask(row.identity, "a.example"));
    CHECK(failure.failure == Failure::tls);
    CHECK(failure.status == 0);
    CHECK(failure.message.find(row.why) != std::string::npos);
    CHECK(failure.message.find("a.example") != std::string::npos);
  }
}

TEST_CASE("TLS 1.2 is spoken, anything older is not") {
  const auto& identity = test_trust().identity;
  CHECK(ask(identity, "localhost", test_trust().store, TLS1_2_VERSION));
  CHECK(failure_of(ask(identity, "localhost", test_trust().store, TLS1_1_VERSION)).failure ==
        Failure::tls);
  // Where OpenSSL's own configuration refuses TLS 1.1 too, the line above proves nothing.
  CHECK(SSL_CTX_get_min_proto_version(test_trust().store->context()) == TLS1_2_VERSION);
}

TEST_CASE("a server that speaks no TLS, or leaves during the handshake, is a TLS failure") {
  for (const std::string bytes : {"", "HTTP/1.1 400 Bad Request\r\n\r\n"}) {
    LoopbackServer server([&](Peer& peer, int) {
      peer.receive();
      peer.send(bytes);
    });
    Client client(loopback(Scheme::https, server));
    CHECK(failure_of(client.get()).failure == Failure::tls);
  }
}

TEST_CASE("a CA file adds to the system's anchors and does not replace them") {
  const Authority of_system("system");
  const Authority of_file("file");
  const Authority stranger("stranger");
  const ScratchFile bundle(of_system.certificate());
  const ScratchFile file(of_file.certificate());
  const SystemAnchors anchors(bundle.path());
  const auto with_file = TrustStore::load(file.path()).value();
  const auto without = TrustStore::load({}).value();
  const std::string names = "DNS:a.example";
  CHECK(ask(of_system.issue(names), "a.example", with_file));
  CHECK(ask(of_file.issue(names), "a.example", with_file));
  CHECK_FALSE(ask(stranger.issue(names), "a.example", with_file));
  CHECK(ask(of_system.issue(names), "a.example", without));
  CHECK_FALSE(ask(of_file.issue(names), "a.example", without));
}

TEST_CASE("a CA file may hold several certificates") {
  const Authority one("one");
  const Authority two("two");
  const ScratchFile file(one.certificate() + two.certificate());
  const auto store = TrustStore::load(file.path()).value();
  CHECK(ask(one.issue("DNS:a.example"), "a.example", store));
  CHECK(ask(two.issue("DNS:a.example"), "a.example", store));
}

TEST_CASE("a CA file that is missing or holds no certificate is an error that names it") {
  const ScratchFile text("this is no PEM\n");
  const ScratchFile empty("");
  for (const std::string& path : {std::string("/nonexistent/ca.pem"), text.path(), empty.path()}) {
    const auto store = TrustStore::load(path);
    REQUIRE_FALSE(store);
    CHECK(store.error().message.find(path) != std::string::npos);
    CHECK(store.error().kind == base::ErrorKind::invalid_input);
  }
  CHECK(TrustStore::load("/nonexistent/ca.pem").error().message ==
        "cannot load trust anchors from '/nonexistent/ca.pem': No such file or directory; it must "
        "be a readable PEM file with at least one certificate");
}

TEST_CASE("a server that asks for our certificate gets it, and refuses us without one") {
  const auto& trust = test_trust();
  const Authority clients("authority of clients");
  const Identity ours = clients.issue("DNS:auditor");
  const ScratchFile ca_file(trust.authority.certificate());
  const ScratchFile cert_file(ours.certificate);
  const ScratchFile key_file(ours.key);
  const auto with =
      TrustStore::load(ca_file.path(), ClientCertificate{cert_file.path(), key_file.path()});
  REQUIRE(with.has_value());

  LoopbackServer server([&](Peer& peer, int) {
    if (!peer.start_tls_for(trust.identity, clients.certificate())) return;
    peer.read_request();
    peer.send(answer("known"));
  });
  const auto ask_with = [&](const std::shared_ptr<const TrustStore>& store) {
    base::StopSignal stop;
    Resolver resolver;
    return connect_to(loopback(Scheme::https, server), {store, {}, "test/1"}, resolver)
        ->send({}, {in(20s), stop});
  };
  CHECK(ask_with(*with).value().body == "known");
  CHECK(failure_of(ask_with(trust.store)).failure == Failure::tls);
}

TEST_CASE("a client certificate or key that cannot be used is an error that names the file") {
  const Authority clients("authority of clients");
  const Identity ours = clients.issue("DNS:auditor");
  const ScratchFile certificate(ours.certificate);
  const ScratchFile key(ours.key);
  const ScratchFile other_key(clients.issue("DNS:other").key);
  const ScratchFile garbage("garbage");
  const std::string nowhere = "/nonexistent/file.pem";
  struct Row {
    std::string cert_file;
    std::string key_file;
    std::string named;
    const char* reason;
  };
  const Row rows[] = {
      {nowhere, key.path(), nowhere, "No such file"},
      {garbage.path(), key.path(), garbage.path(), "no start line"},
      {certificate.path(), nowhere, nowhere, "No such file"},
      {certificate.path(), garbage.path(), garbage.path(), ""},
      {certificate.path(), other_key.path(), other_key.path(), "mismatch"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.named);
    const auto store =
        TrustStore::load(std::nullopt, ClientCertificate{row.cert_file, row.key_file});
    REQUIRE_FALSE(store.has_value());
    CAPTURE(store.error().message);
    CHECK(store.error().message.find("'" + row.named + "'") != std::string::npos);
    CHECK(store.error().message.find(row.reason) != std::string::npos);
  }
}

TEST_SUITE_END();

}  // namespace aka::http
