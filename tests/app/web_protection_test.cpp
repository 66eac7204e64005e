// The web configuration from YAML to OpenSSL: what exporters accept is accepted, and what they
// refuse is refused, with the fix.
#include "app/web_protection.h"

#include <string>

#include <doctest/doctest.h>

#include "support/certificates.h"
#include "support/scratch_directory.h"
#include "support/sections.h"

namespace aka::app {
namespace {

const std::string kAlice = "$2y$10$5BFdW9Im2Q4L1wTo3r7s7OtBXeYV7z1qY3mFh0Jw8o2uZ4k6c9aXe";
const std::string kPair = "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n";

/// A directory with the server's certificate and key, another key and an authority.
struct Fixture {
  testing::ScratchDirectory directory;
  testing::Authority authority{"clients"};
  testing::Identity identity = testing::self_signed("DNS:localhost");

  Fixture() {
    directory.write("server.crt", identity.certificate);
    directory.write("server.key", identity.key);
    directory.write("other.key", testing::self_signed("DNS:localhost").key);
    directory.write("ca.crt", authority.certificate());
  }

  struct Read {
    web::Protection protection;
    std::string report;
  };

  Read read(const std::string& text) {
    base::Diagnostics diagnostics;
    const std::string path = directory.write("web.yml", text).string();
    Read result{read_protection(path, diagnostics), testing::report(diagnostics)};
    const std::string root = directory.path().string() + "/";
    for (auto at = result.report.find(root); at != std::string::npos; at = result.report.find(root))
      result.report.erase(at, root.size());
    return result;
  }
};

std::string in_place(const std::string& pem) {
  std::string text = "|\n    ";
  for (const char symbol : pem)
    text += symbol == '\n' ? std::string("\n    ") : std::string(1, symbol);
  return text + "\n";
}

TEST_CASE_FIXTURE(Fixture, "files that exporters accept are accepted") {
  struct Row {
    std::string name;
    std::string text;
    bool encrypts;
  };
  const std::string inline_key =
      "tls_server_config:\n  cert_file: server.crt\n  key: " + in_place(identity.key);
  const std::string inline_both = "tls_server_config:\n  cert: " + in_place(identity.certificate) +
                                  "  key: " + in_place(identity.key);
  const Row rows[] = {
      {"empty", "", false},
      {"comments alone", "# nothing yet\n\n  # at all\n", false},
      {"the least", kPair, true},
      {"no client asked", kPair + "  client_auth_type: NoClientCert\n", true},
      {"any client", kPair + "  client_auth_type: RequireAnyClientCert\n", true},
      {"any client, by its old name", kPair + "  client_auth_type: RequireClientCert\n", true},
      {"a client if it likes", kPair + "  client_auth_type: RequestClientCert\n", true},
      {"a verified client",
       kPair + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n", true},
      {"a verified client of these names",
       kPair + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n"
               "  client_allowed_sans: [one, test3, two]\n",
       true},
      {"the key in place", inline_key, true},
      {"both in place", inline_both, true},
      {"the authority in place",
       kPair + "  client_auth_type: VerifyClientCertIfGiven\n  client_ca: " +
           in_place(authority.certificate()),
       true},
      {"every cipher suite",
       kPair + "  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, "
               "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, "
               "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, "
               "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, "
               "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, TLS_AES_128_GCM_SHA256, "
               "TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256, "
               "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, "
               "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA]\n",
       true},
      {"some, in the client's order",
       kPair + "  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, "
               "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]\n  prefer_server_cipher_suites: false\n"
               "  min_version: TLS12\n  max_version: TLS12\n",
       true},
      {"every curve", kPair + "  curve_preferences: [CurveP256, CurveP384, CurveP521, X25519]\n",
       true},
      {"one curve and the newest version alone",
       kPair + "  min_version: TLS13\n  curve_preferences: [CurveP521]\n", true},
      {"no HTTP/2", kPair + "http_server_config:\n  http2: false\n", true},
      {"what HTTP/2 lacks, without it",
       kPair + "  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384]\n"
               "http_server_config:\n  http2: false\n",
       true},
      {"headers",
       "http_server_config:\n  headers:\n    X-Frame-Options: deny\n"
       "    Strict-Transport-Security: max-age=31536000; includeSubDomains\n"
       "    X-Content-Type-Options: nosniff\n    X-XSS-Protection: 1\n"
       "    Content-Security-Policy: \"default-src 'self' *.test.example.net\"\n",
       false},
      {"users over TLS", kPair + "basic_auth_users:\n  alice: " + kAlice + "\n", true},
      {"users without", "basic_auth_users:\n  alice: " + kAlice + "\n", false},
      {"no rate limit", "rate_limit:\n  interval: 0\n  burst: 0\n", false},
      {"a rate limit", "rate_limit:\n  interval: \"1s\"\n  burst: 0\n", false},
      {"no users after all", "basic_auth_users: {}\n", false},
      {"no TLS after all", "tls_server_config: {min_version: TLS13}\n", false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    const Read read = this->read(row.text);
    CHECK(read.report.empty());
    CHECK((read.protection.tls != nullptr) == row.encrypts);
  }
}

TEST_CASE_FIXTURE(Fixture, "files that exporters refuse are refused, each with the fix") {
  struct Row {
    std::string text;
    std::string report;
  };
  directory.write("broken.crt", "junk\n");
  const Row rows[] = {
      {"hWkNKCp3fvIx\nTuEjdwNS8A2v\n",
       "web.yml:1:1: the web configuration must be a mapping of settings, not a single value\n"},
      {"tls_server_config:\n  cert_filse: server.crt\n",
       "web.yml:2:3: 'tls_server_config' has no setting 'cert_filse'; did you mean 'cert_file'?\n"},
      {"tls_server_config:\n  cert_file: ''\n  key_file: server.key\n",
       "web.yml:2:3: 'tls_server_config' needs 'cert_file': the server's certificate (PEM), or "
       "'cert', the same in place\n"},
      {"tls_server_config:\n  cert_file: server.crt\n  key_file: ''\n",
       "web.yml:2:3: 'tls_server_config' needs 'key_file': the certificate's key (PEM), or 'key', "
       "the same in place\n"},
      {"tls_server_config:\n  cert: ''\n  key_file: server.key\n",
       "web.yml:2:3: 'tls_server_config' needs 'cert_file': the server's certificate (PEM), or "
       "'cert', the same in place\n"},
      {"tls_server_config:\n  cert_file: server.crt\n  key: ''\n",
       "web.yml:2:3: 'tls_server_config' needs 'key_file': the certificate's key (PEM), or 'key', "
       "the same in place\n"},
      {"tls_server_config:\n  cert_file: ''\n  key_file: ''\n  client_auth_type: x\n",
       "web.yml:2:3: 'tls_server_config' needs 'cert_file': the server's certificate (PEM), or "
       "'cert', the same in place\n"
       "web.yml:2:3: 'tls_server_config' needs 'key_file': the certificate's key (PEM), or 'key', "
       "the same in place\n"
       "web.yml:4:21: 'client_auth_type' of 'tls_server_config' must be one of NoClientCert, "
       "RequestClientCert, RequireAnyClientCert, RequireClientCert, VerifyClientCertIfGiven, "
       "RequireAndVerifyClientCert; 'x' is none of them\n"},
      {"tls_server_config:\n  cert_file: none\n  key_file: none\n",
       "web.yml:2:14: cannot read the certificate none: No such file or directory\n"
       "web.yml:3:13: cannot read the key none: No such file or directory\n"},
      {"tls_server_config:\n  cert_file: none\n  key_file: server.key\n",
       "web.yml:2:14: cannot read the certificate none: No such file or directory\n"},
      {"tls_server_config:\n  cert_file: server.crt\n  key_file: none\n",
       "web.yml:3:13: cannot read the key none: No such file or directory\n"},
      {"tls_server_config:\n  cert_file: broken.crt\n  key_file: server.key\n",
       "web.yml:2:14: this holds no usable certificate in PEM: no start line\n"},
      {"tls_server_config:\n  cert_file: server.crt\n  key_file: server.crt\n",
       "web.yml:3:13: this holds no usable key in PEM (it must not be encrypted): unsupported\n"},
      {"tls_server_config:\n  cert_file: server.crt\n  key_file: other.key\n",
       "web.yml:3:13: the key does not belong to the certificate: key values mismatch\n"},
      {kPair + "  client_ca_file: /dev/null\n",
       "web.yml:4:19: an authority for clients has no effect without 'client_auth_type'; set it to "
       "RequireAndVerifyClientCert\n"},
      {kPair + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: somefile\n",
       "web.yml:5:19: cannot read the authorities of clients somefile: No such file or "
       "directory\n"},
      {kPair + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: server.key\n",
       "web.yml:5:19: this holds no certificate in PEM\n"},
      {kPair + "  client_auth_type: Sometimes\n",
       "web.yml:4:21: 'client_auth_type' of 'tls_server_config' must be one of NoClientCert, "
       "RequestClientCert, RequireAnyClientCert, RequireClientCert, VerifyClientCertIfGiven, "
       "RequireAndVerifyClientCert; 'Sometimes' is none of them\n"},
      {kPair + "  min_version: TLS111\n",
       "web.yml:4:16: 'min_version' of 'tls_server_config' must be one of TLS10, TLS11, TLS12, "
       "TLS13; 'TLS111' is none of them\n"},
      {kPair + "  min_version: TLS13\n  max_version: TLS12\n",
       "web.yml:4:16: 'min_version' is above 'max_version', so no client can connect\n"},
      {kPair + "  curve_preferences: [CurveP257]\n",
       "web.yml:4:22: there is no curve 'CurveP257'; there are CurveP256, CurveP384, CurveP521 and "
       "X25519\n"},
      {kPair + "  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384]\n  max_version: TLS12\n",
       "web.yml:2:3: 'cipher_suites' lacks what HTTP/2 needs; add "
       "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 or TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, or set "
       "'http2: false' in 'http_server_config'\n"},
      {"http_server_config:\n  headers: {X-Content-Type-Options: sniff}\n",
       "web.yml:2:37: 'X-Content-Type-Options' must be nosniff, not 'sniff'\n"},
      {"http_server_config:\n  headers: {X-Frame-Options: foo}\n",
       "web.yml:2:30: 'X-Frame-Options' must be deny or sameorigin, not 'foo'\n"},
      {"http_server_config:\n  headers: {Content-Type: foo}\n",
       "web.yml:2:13: the header 'Content-Type' cannot be set; those that can are "
       "Strict-Transport-Security, X-Content-Type-Options, X-Frame-Options, X-XSS-Protection, "
       "Content-Security-Policy\n"},
      {"http_server_config:\n  headers: {X-XSS-Protection: \"1\\r\\nX: y\"}\n",
       "web.yml:2:31: 'X-XSS-Protection' must be one line of text\n"},
      {kPair + "basic_auth_users:\n  john: doe\n",
       "web.yml:5:9: the password of 'john' must be a bcrypt hash, as `htpasswd -nBC 10 john` "
       "prints it after the ':'\n"},
      {"basic_auth_users:\n  'a:b': " + kAlice + "\n",
       "web.yml:2:3: a user's name cannot hold ':', which ends it in a request\n"},
      {"basic_auth_users: {a: x, a: y}\n",
       "web.yml:1:23: the password of 'a' must be a bcrypt hash, as `htpasswd -nBC 10 a` prints it "
       "after the ':'\nweb.yml:1:26: 'a' stands twice in one mapping, first at line 1, column 20; "
       "keep one of them\n"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const Read read = this->read(row.text);
    CHECK(read.report == row.report);
    CHECK(read.report.find("doe\n") == std::string::npos);
  }
  const Read invented = this->read(kPair + "  cipher_suites: [TLS_INVENTED]\n");
  CHECK(invented.report.find("there is no cipher suite 'TLS_INVENTED'; there are TLS_ECDHE_") !=
        std::string::npos);
}

TEST_CASE_FIXTURE(Fixture, "what works but not as it may be meant is warned of") {
  const auto warns = [this](const std::string& text, const std::string& part) {
    const Read read = this->read(text);
    CAPTURE(read.report);
    CHECK(read.report.find(": warning: ") != std::string::npos);
    CHECK(read.report.find(part) != std::string::npos);
    CHECK(read.protection.tls != nullptr);
  };
  warns(kPair + "  client_auth_type: RequireAndVerifyClientCert\n", "the system's anchors");
  warns(kPair + "  client_auth_type: RequireAnyClientCert\n  client_ca_file: ca.crt\n",
        "whoever signed it");
  warns(kPair + "  client_allowed_sans: [one]\n", "no client is asked for a certificate");
  warns(kPair + "  min_version: TLS10\n", "below 1.2 are broken");
  warns(kPair + "  cert: junk\n", "'cert' has no effect beside 'cert_file'");
  warns(kPair + "basic_auth_users:\n  bob: $2y$18$" + kAlice.substr(7) + "\n", "seconds of CPU");
}

TEST_CASE_FIXTURE(Fixture, "a file that is not there is an error, and no path is no protection") {
  base::Diagnostics diagnostics;
  CHECK(read_protection("", diagnostics).tls == nullptr);
  CHECK_FALSE(diagnostics.has_errors());
  read_protection((directory.path() / "none.yml").string(), diagnostics);
  CHECK(testing::report(diagnostics)
            .ends_with("cannot read the configuration: No such file or "
                       "directory\n"));
}

}  // namespace
}  // namespace aka::app
