// The web configuration as clients meet it: who comes to terms with which settings, and on what.
#include <initializer_list>
#include <memory>
#include <string>

#include <doctest/doctest.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "app/web_protection.h"
#include "support/certificates.h"
#include "support/scratch_directory.h"
#include "support/sections.h"

namespace aka::app {
namespace {

using Context = std::shared_ptr<SSL_CTX>;
using Session = std::unique_ptr<SSL, decltype(&SSL_free)>;

/// What a client has and takes; empty texts: whatever OpenSSL would.
struct Client {
  int newest = TLS1_3_VERSION;
  std::string ciphers = {};
  std::string curves = {};
  testing::Identity identity = {};
};

/// One that would take any version and any certificate.
Context context_of(const Client& client) {
  Context context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SSL_CTX_set_security_level(context.get(), 0);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context.get(), client.newest);
  if (!client.ciphers.empty())
    REQUIRE(SSL_CTX_set_cipher_list(context.get(), client.ciphers.c_str()) == 1);
  if (!client.curves.empty())
    REQUIRE(SSL_CTX_set1_groups_list(context.get(), client.curves.c_str()) == 1);
  if (client.identity.certificate.empty()) return context;
  const auto bio = [](const std::string& text) {
    return std::unique_ptr<BIO, decltype(&BIO_free)>(
        BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free);
  };
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509(bio(client.identity.certificate).get(), nullptr, nullptr, nullptr),
      X509_free);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PrivateKey(bio(client.identity.key).get(), nullptr, nullptr, nullptr),
      EVP_PKEY_free);
  REQUIRE(SSL_CTX_use_certificate(context.get(), certificate.get()) == 1);
  REQUIRE(SSL_CTX_use_PrivateKey(context.get(), key.get()) == 1);
  return context;
}

/// The cipher they agree on; empty: the handshake fails.
std::string shake(SSL_CTX* server_context, SSL_CTX* client_context) {
  const Session server(SSL_new(server_context), SSL_free);
  const Session client(SSL_new(client_context), SSL_free);
  BIO* at_server = nullptr;
  BIO* at_client = nullptr;
  REQUIRE(BIO_new_bio_pair(&at_server, 0, &at_client, 0) == 1);
  SSL_set_bio(server.get(), at_server, at_server);
  SSL_set_bio(client.get(), at_client, at_client);
  SSL_set_accept_state(server.get());
  SSL_set_connect_state(client.get());
  const auto step = [](SSL* one) {
    const int done = SSL_do_handshake(one);
    return done == 1 ? SSL_ERROR_NONE : SSL_get_error(one, done);
  };
  const auto waits = [](int error) {
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
  };
  for (int round = 0; round < 20; ++round) {
    const int client_error = step(client.get());
    const int server_error = step(server.get());
    if (client_error == SSL_ERROR_NONE && server_error == SSL_ERROR_NONE)
      return SSL_get_cipher_name(server.get());
    for (const int error : {client_error, server_error})
      if (error != SSL_ERROR_NONE && !waits(error)) return {};
  }
  FAIL("a handshake without end");
  return {};
}

struct Fixture {
  testing::ScratchDirectory directory;
  testing::Authority authority{"clients"};

  Fixture() {
    const testing::Identity server = testing::self_signed("DNS:localhost");
    directory.write("server.crt", server.certificate);
    directory.write("server.key", server.key);
    directory.write("ca.crt", authority.certificate());
  }

  Context server(const std::string& settings) {
    base::Diagnostics diagnostics;
    const std::string path =
        directory
            .write(
                "web.yml",
                "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n" + settings)
            .string();
    auto protection = read_protection(path, diagnostics);
    REQUIRE_MESSAGE(protection.tls, testing::report(diagnostics));
    return protection.tls;
  }
};

TEST_CASE_FIXTURE(Fixture, "version, cipher and curve are agreed on as the settings say") {
  const std::string strong = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384";
  const std::string quick = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256";
  const std::string both = "  cipher_suites: [" + quick + ", " + strong + "]\n";
  const std::string client_likes = "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256";
  struct Row {
    std::string name;
    std::string settings;
    Client client;
    std::string cipher;
  };
  const Row rows[] = {
      {"the defaults", "", {}, "TLS_AES_256_GCM_SHA384"},
      {"TLS 1.2", "", {.newest = TLS1_2_VERSION}, "ECDHE-ECDSA-AES256-GCM-SHA384"},
      {"TLS 1.1", "", {.newest = TLS1_1_VERSION}, ""},
      {"TLS 1.2 where 1.3 is the least", "  min_version: TLS13\n", {.newest = TLS1_2_VERSION}, ""},
      {"one cipher of ours",
       both,
       {TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256", {}, {}},
       "ECDHE-ECDSA-AES128-GCM-SHA256"},
      {"no cipher of ours", both, {TLS1_2_VERSION, "ECDHE-ECDSA-AES256-SHA", {}, {}}, ""},
      {"both, and the server chooses",
       both,
       {TLS1_2_VERSION, client_likes, {}, {}},
       "ECDHE-ECDSA-AES128-GCM-SHA256"},
      {"both, and the client chooses",
       both + "  prefer_server_cipher_suites: false\n",
       {TLS1_2_VERSION, client_likes, {}, {}},
       "ECDHE-ECDSA-AES256-GCM-SHA384"},
      {"the curve of ours",
       "  curve_preferences: [CurveP521]\n",
       {.curves = "P-521"},
       "TLS_AES_256_GCM_SHA384"},
      {"no curve of ours", "  curve_preferences: [CurveP521]\n", {.curves = "P-384"}, ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(shake(server(row.settings).get(), context_of(row.client).get()) == row.cipher);
  }
}

TEST_CASE_FIXTURE(Fixture, "who shows which certificate is let in as client_auth_type says") {
  const Client nobody;
  const Client known{.identity = authority.issue("DNS:test3")};
  const Client stranger{.identity = testing::self_signed("DNS:test3")};
  const Client expired{.identity = authority.issue("DNS:test3", {-2, -1})};
  const std::string anchors = "  client_ca_file: ca.crt\n";
  struct Row {
    std::string settings;
    bool nobody, known, stranger, expired;
  };
  const Row rows[] = {
      {"", true, true, true, true},
      {"  client_auth_type: RequestClientCert\n", true, true, true, true},
      {"  client_auth_type: RequireAnyClientCert\n", false, true, true, true},
      {"  client_auth_type: VerifyClientCertIfGiven\n" + anchors, true, true, false, false},
      {"  client_auth_type: RequireAndVerifyClientCert\n" + anchors, false, true, false, false},
      {"  client_auth_type: RequireAndVerifyClientCert\n  client_allowed_sans: [one, test3]\n" +
           anchors,
       false, true, false, false},
      {"  client_auth_type: RequireAndVerifyClientCert\n  client_allowed_sans: [one, two]\n" +
           anchors,
       false, false, false, false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.settings);
    const Context context = server(row.settings);
    const auto let_in = [&](const Client& client) {
      return !shake(context.get(), context_of(client).get()).empty();
    };
    CHECK(let_in(nobody) == row.nobody);
    CHECK(let_in(known) == row.known);
    CHECK(let_in(stranger) == row.stranger);
    CHECK(let_in(expired) == row.expired);
  }
}

}  // namespace
}  // namespace aka::app
