// Digest arithmetic against the examples of the RFCs.
#include "atlas/auth/digest_answer.h"

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>
#include <openssl/evp.h>

namespace aka::atlas {
namespace {

const DigestIdentity kOldMufasa{"Mufasa", base::Secret("Circle Of Life")};
const DigestIdentity kMufasa{"Mufasa", base::Secret("Circle of Life")};

/// Of RFC 7616, section 3.9.1.
DigestChallenge rfc7616(DigestAlgorithm algorithm) {
  DigestChallenge challenge;
  challenge.algorithm = algorithm;
  challenge.names_algorithm = true;
  challenge.qop_auth = true;
  challenge.realm = "http-auth@example.org";
  challenge.nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
  challenge.opaque = "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS";
  return challenge;
}

const DigestUse kFirstUse{"GET", "/dir/index.html", 1};
constexpr std::string_view kRfc7616Cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";

/// Of RFC 2617, section 3.5.
DigestChallenge rfc2617() {
  DigestChallenge challenge;
  challenge.qop_auth = true;
  challenge.realm = "testrealm@host.com";
  challenge.nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093";
  challenge.opaque = "5ccc069c403ebaf9f0171e9517f40e41";
  return challenge;
}

base::Result<std::string> answer(const DigestChallenge& challenge, const DigestIdentity& identity,
                                 const DigestUse& use = kFirstUse,
                                 std::string_view cnonce = kRfc7616Cnonce) {
  return DigestAnswerer(challenge, identity, cnonce).answer(use);
}

TEST_SUITE("DigestAnswerer") {
  TEST_CASE("the MD5 example of RFC 7616 comes out whole") {
    CHECK(answer(rfc7616(DigestAlgorithm::md5), kMufasa).value() ==
          "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", "
          "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", uri=\"/dir/index.html\", "
          "response=\"8ca523f5e9506fed4657c9700eebdbec\", algorithm=MD5, qop=auth, nc=00000001, "
          "cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", "
          "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"");
  }

  TEST_CASE("the responses of the examples come out") {
    DigestChallenge without_qop = rfc2617();
    without_qop.qop_auth = false;
    struct Row {
      std::string name;
      DigestChallenge challenge;
      DigestIdentity identity;
      std::string_view cnonce;
      std::string response;
    };
    const std::vector<Row> rows{
        {"RFC 7616 SHA-256", rfc7616(DigestAlgorithm::sha256), kMufasa, kRfc7616Cnonce,
         "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
        {"RFC 2617", rfc2617(), kOldMufasa, "0a4f113b", "6629fae49393a05397450978507c4ef1"},
        {"RFC 2617 as RFC 2069", without_qop, kOldMufasa, "0a4f113b",
         "670fd8c2df070c60b045671b8b24ff02"},
    };
    for (const Row& row : rows) {
      CAPTURE(row.name);
      const std::string header = answer(row.challenge, row.identity, kFirstUse, row.cnonce).value();
      CHECK(header.find("response=\"" + row.response + "\"") != std::string::npos);
    }
  }

  TEST_CASE("session algorithms hash the nonces in") {
    // H(H(user:realm:password):nonce:cnonce) computed with another program.
    const auto md5 = answer(rfc7616(DigestAlgorithm::md5_sess), kMufasa);
    const auto sha = answer(rfc7616(DigestAlgorithm::sha256_sess), kMufasa);
    CHECK(md5->find("response=\"e783283f46242139c486a698fec7211d\", algorithm=MD5-sess") !=
          std::string::npos);
    CHECK(sha->find("response=\"2fd51b3a77ad75bad6afad6003e818d767133c46d9e2749e7f5232ae1ea3efd7\","
                    " algorithm=SHA-256-sess") != std::string::npos);
  }

  TEST_CASE("the count is eight hex digits, and without qop nothing belonging to it is sent") {
    DigestUse use = kFirstUse;
    use.count = 0x1af;
    CHECK(answer(rfc7616(DigestAlgorithm::md5), kMufasa, use)->find("nc=000001af,") !=
          std::string::npos);
    DigestChallenge challenge = rfc2617();
    challenge.qop_auth = false;
    challenge.opaque.reset();
    CHECK(answer(challenge, kOldMufasa).value() ==
          "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", "
          "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", uri=\"/dir/index.html\", "
          "response=\"670fd8c2df070c60b045671b8b24ff02\"");
  }

  TEST_CASE("an answer does not depend on the answers before it") {
    const DigestChallenge challenge = rfc7616(DigestAlgorithm::sha256_sess);
    DigestAnswerer answerer(challenge, kMufasa, kRfc7616Cnonce);
    CHECK(answerer.answer(kFirstUse).value() == answer(challenge, kMufasa).value());
    const DigestUse second{"GET", "/another", 2};
    CHECK(answerer.answer(second).value() == answer(challenge, kMufasa, second).value());
  }

  TEST_CASE("quotes and backslashes are escaped in the header and plain in the hash") {
    DigestChallenge challenge = rfc2617();
    challenge.realm = R"(a "b" \ c)";
    challenge.opaque = R"(o"o)";
    const DigestIdentity identity{R"(us"er)", base::Secret("pw")};
    const std::string header = answer(challenge, identity, {"GET", "/x?y=1", 1}, "c").value();
    CHECK(header.starts_with(R"(Digest username="us\"er", realm="a \"b\" \\ c", nonce=)"));
    CHECK(header.find(R"(uri="/x?y=1")") != std::string::npos);
    CHECK(header.ends_with(R"(opaque="o\"o")"));
    CHECK(header.find("response=\"193224b384b23ab577bc3754c70d0b8b\"") != std::string::npos);
  }

  TEST_CASE("a hash that OpenSSL refuses is explained") {
    REQUIRE(EVP_set_default_properties(nullptr, "fips=yes") == 1);
    const auto refused = answer(rfc7616(DigestAlgorithm::md5), kMufasa);
    EVP_set_default_properties(nullptr, "");
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().message ==
          "OpenSSL refuses to compute MD5, which the service demands (MD5 is forbidden in FIPS "
          "mode): use a service account instead of an API key");
  }

  TEST_CASE("client nonces are 128 bits and differ") {
    const std::string one = make_cnonce().value();
    CHECK(one.size() == 32);
    CHECK(one.find_first_not_of("0123456789abcdef") == std::string::npos);
    CHECK(one != make_cnonce().value());
  }
}

}  // namespace
}  // namespace aka::atlas
