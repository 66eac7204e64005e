// Reading WWW-Authenticate: the grammar, the service's quirks, and hostile input.
#include "atlas/auth/digest_challenge.h"

#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <rapidcheck.h>

namespace aka::atlas {
namespace {

using Parameters = std::vector<std::pair<std::string, std::string>>;

/// As the service sends it: domain empty, algorithm and stale unquoted, no opaque.
constexpr std::string_view kAtlas =
    R"(Digest realm="MMS Public API", domain="", nonce="q/Qm+3Yx1GJrXRmQh1B6vw==AAAAAAAA", )"
    R"(algorithm=MD5, qop="auth", stale=false)";

TEST_SUITE("parse_challenges") {
  TEST_CASE("schemes, parameters and quoted texts are told apart") {
    struct Row {
      std::string header;
      std::vector<std::pair<std::string, Parameters>> expected;
    };
    const std::vector<Row> rows{
        {"", {}},
        {" , ,", {}},
        {"Basic", {{"Basic", {}}}},
        {"Negotiate, Digest a=b", {{"Negotiate", {}}, {"Digest", {{"a", "b"}}}}},
        {"Negotiate YII/+x==, Digest a=b", {{"Negotiate", {}}, {"Digest", {{"a", "b"}}}}},
        {"NTLM TlRMTVNTUAAC", {{"NTLM", {}}}},
        {R"(Digest realm="x", nonce="y", Basic realm="z")",
         {{"Digest", {{"realm", "x"}, {"nonce", "y"}}}, {"Basic", {{"realm", "z"}}}}},
        {R"(Digest REALM = "a \"b\" \\ c" ,, nonce=tok)",
         {{"Digest", {{"realm", R"(a "b" \ c)"}, {"nonce", "tok"}}}}},
        {R"(Digest realm="with, comma and = sign", nonce="n")",
         {{"Digest", {{"realm", "with, comma and = sign"}, {"nonce", "n"}}}}},
        {R"(Digest a=1, a=2, Basic realm="z")", {{"Basic", {{"realm", "z"}}}}},
        {R"(Basic realm="z", Digest a="never closed)", {{"Basic", {{"realm", "z"}}}}},
        {R"(Basic realm="z", Digest a=;)", {{"Basic", {{"realm", "z"}}}}},
        {R"(Digest a="ends in \)", {}},
        {"\x01\x02\x03", {}},
    };
    for (const Row& row : rows) {
      CAPTURE(row.header);
      const auto challenges = parse_challenges(row.header);
      REQUIRE(challenges.size() == row.expected.size());
      for (std::size_t i = 0; i < challenges.size(); ++i) {
        CHECK(challenges[i].scheme == row.expected[i].first);
        CHECK((challenges[i].parameters == row.expected[i].second));
      }
    }
  }

  TEST_CASE("size and number are bounded") {
    std::string many;
    std::string long_one = "Digest ";
    for (int i = 0; i < 100; ++i) many += "S" + std::to_string(i) + " a=b, ";
    for (int i = 0; i < 100; ++i) long_one += "p" + std::to_string(i) + "=v, ";
    CHECK(parse_challenges(many).size() == 16);
    CHECK(parse_challenges(long_one).empty());
    CHECK(parse_challenges(R"(Digest a=")" + std::string(9000, 'x') + "\"").empty());
  }

  TEST_CASE("what is written is what is read") {
    CHECK(rc::check([] {
      const auto texts = *rc::gen::container<std::vector<std::string>>(
          rc::gen::container<std::string>(rc::gen::inRange<char>(32, 126)));
      RC_PRE(texts.size() <= 20);
      std::string header = "Digest ";
      Parameters expected;
      for (std::size_t i = 0; i < texts.size(); ++i) {
        std::string name = "n" + std::to_string(i);
        header += name + "=\"";
        for (const char symbol : texts[i]) {
          if (symbol == '"' || symbol == '\\') header += '\\';
          header += symbol;
        }
        header += "\", ";
        expected.emplace_back(std::move(name), texts[i]);
      }
      RC_PRE(header.size() <= 8192U);
      const auto challenges = parse_challenges(header);
      RC_ASSERT(challenges.size() == 1U);
      RC_ASSERT(challenges[0].parameters == expected);
    }));
  }

  TEST_CASE("any bytes are read within the bounds") {
    CHECK(rc::check([] {
      const auto pieces = *rc::gen::container<std::vector<std::string>>(rc::gen::oneOf(
          rc::gen::element<std::string>("Digest ", "Basic ", "realm", "nonce", "qop", "=", ",",
                                        "\"", "\\", " ", "auth", "stale=true", "algorithm=MD5"),
          rc::gen::arbitrary<std::string>()));
      std::string header;
      for (const std::string& piece : pieces) header += piece;
      for (const Challenge& challenge : parse_challenges(header)) {
        RC_ASSERT(!challenge.scheme.empty());
        for (const auto& [name, value] : challenge.parameters) {
          RC_ASSERT(name.size() + value.size() <= header.size());
        }
      }
      const auto digest = choose_digest({header, header});
      if (digest) RC_ASSERT(!digest->nonce.empty());
      RC_ASSERT(describe_offer({header}).size() <= 2 * 8192U + 4096U);
    }));
  }
}

TEST_SUITE("choose_digest") {
  TEST_CASE("the service's own challenge is understood") {
    const auto digest = choose_digest({kAtlas});
    REQUIRE(digest.has_value());
    CHECK(digest->algorithm == DigestAlgorithm::md5);
    CHECK(digest->names_algorithm);
    CHECK(digest->qop_auth);
    CHECK_FALSE(digest->stale);
    CHECK(digest->realm == "MMS Public API");
    CHECK(digest->nonce == "q/Qm+3Yx1GJrXRmQh1B6vw==AAAAAAAA");
    CHECK_FALSE(digest->opaque.has_value());
  }

  TEST_CASE("quoted and unquoted forms mean the same") {
    const auto digest = choose_digest(
        {R"(digest REALM=r,NONCE=n,QOP=auth,STALE="TRUE",ALGORITHM="md5",OPAQUE="")"});
    REQUIRE(digest.has_value());
    CHECK(digest->realm == "r");
    CHECK(digest->qop_auth);
    CHECK(digest->stale);
    CHECK(digest->opaque == "");
  }

  TEST_CASE("the strongest that can be answered is taken") {
    struct Row {
      std::vector<std::string_view> headers;
      std::string nonce;  // of the one taken; empty: none
    };
    const std::vector<Row> rows{
        {{R"(Digest realm="r", nonce="a")"}, "a"},
        {{R"(Digest realm="r", nonce="a", algorithm=MD5)",
          R"(Digest realm="r", nonce="b", algorithm=SHA-256)"},
         "b"},
        {{R"(Digest realm="r", nonce="a", algorithm=SHA-256, qop="auth", )"
          R"(Digest realm="r", nonce="b", algorithm=MD5, qop="auth")"},
         "a"},
        {{R"(Digest realm="r", nonce="a")", R"(Digest realm="r", nonce="b", qop="auth")"}, "b"},
        {{R"(Digest realm="r", nonce="a", qop="auth")", R"(Digest realm="r", nonce="b", qop=auth)"},
         "a"},
        {{R"(Digest realm="r", nonce="a", algorithm=SHA-512-256)",
          R"(Digest realm="r", nonce="b", algorithm=MD5)"},
         "b"},
        {{R"(Basic realm="r")", R"(Digest realm="r", nonce="b")"}, "b"},
        {{R"(Digest realm="r", nonce="a", qop="auth-int")"}, ""},
        {{R"(Digest realm="r", nonce="a", qop="auth-int, auth")"}, "a"},
        {{R"(Digest realm="r", nonce="a", qop="auth-int,auth")"}, "a"},
        {{R"(Digest realm="r", nonce="a", qop="")"}, "a"},
        {{R"(Digest realm="r", nonce="a", algorithm=MD5-sess, qop="auth")"}, "a"},
        {{R"(Digest realm="r", nonce="a", algorithm=MD5-sess)"}, ""},
        {{R"(Digest realm="r", nonce="a", algorithm=SHA-256-sess, qop=auth)"}, "a"},
        {{R"(Digest nonce="a")"}, ""},
        {{R"(Digest realm="r")"}, ""},
        {{R"(Digest realm="r", nonce="")"}, ""},
        {{"Digest realm=\"r\", nonce=\"a\tb\""}, ""},
        {{R"(Basic realm="r", nonce="a")"}, ""},
        {{}, ""},
    };
    for (const Row& row : rows) {
      CAPTURE(row.headers.empty() ? "" : std::string(row.headers[0]));
      const auto digest = choose_digest(row.headers);
      CHECK((digest ? digest->nonce : "") == row.nonce);
    }
  }

  TEST_CASE("an offer that cannot be answered is described") {
    CHECK(describe_offer({R"(Basic realm="r", Digest realm="r", nonce="n", algorithm=SHA-512-256)",
                          "Negotiate"}) == "Basic, Digest with SHA-512-256, Negotiate");
    CHECK(describe_offer({}).empty());
  }

  TEST_CASE("parameters without a scheme are read as a whole or not at all") {
    CHECK((parse_parameters(R"(nextnonce="n", qop=auth)") ==
           Parameters{{"nextnonce", "n"}, {"qop", "auth"}}));
    CHECK(parse_parameters(R"(nextnonce="n", qop)").empty());
    CHECK(parse_parameters(R"(nextnonce="n", nextnonce="m")").empty());
    CHECK(parse_parameters(R"(nextnonce="n)").empty());
  }
}

}  // namespace
}  // namespace aka::atlas
