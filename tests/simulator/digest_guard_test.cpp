#include "simulator/digest_guard.h"

#include <chrono>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "simulator/small_world.h"

using namespace aka::simulator;
using namespace aka::simulator::test;
using namespace std::chrono_literals;
using Outcome = DigestGuard::Outcome;

namespace {

const aka::base::Secret kSecret("reader-secret");

struct Guarded {
  DigestSettings settings;
  aka::base::SteadyTime now{24h};

  std::string answer_to(DigestGuard& guard, const aka::web::Request& asked,
                        const std::string& nc = "00000001") const {
    return authorization(guard.challenge(Outcome::refused, now), asked, "readerpk", "reader-secret",
                         nc);
  }
  Outcome check(DigestGuard& guard, const std::string& header, const std::string& target) const {
    return guard.check(parse_digest(header).value(), "GET", target, kSecret, now);
  }
};

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_SUITE("simulated digest") {
  TEST_CASE("responses are those of RFC 7616 and RFC 2617") {
    DigestAnswer answer;
    answer.username = "Mufasa";
    answer.realm = "http-auth@example.org";
    answer.uri = "/dir/index.html";
    answer.nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
    answer.nc = "00000001";
    answer.cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
    answer.qop = "auth";
    CHECK(digest_response(HashAlgorithm::md5, answer, "Circle of Life", "GET") ==
          "8ca523f5e9506fed4657c9700eebdbec");
    CHECK(digest_response(HashAlgorithm::sha256, answer, "Circle of Life", "GET") ==
          "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
    answer.realm = "testrealm@host.com";
    answer.nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093";
    answer.cnonce = "0a4f113b";
    CHECK(digest_response(HashAlgorithm::md5, answer, "Circle Of Life", "GET") ==
          "6629fae49393a05397450978507c4ef1");
    answer.qop.clear();
    CHECK(digest_response(HashAlgorithm::md5, answer, "Circle Of Life", "GET") ==
          "670fd8c2df070c60b045671b8b24ff02");
  }

  TEST_CASE("a header is read whatever its spacing, order and case") {
    const auto answer =
        parse_digest(R"(digest  uri="/a?b=\"c\",d" ,USERNAME="me",nc=00000002,qop=auth, opaque=x)");
    REQUIRE(answer);
    CHECK(answer->uri == R"(/a?b="c",d)");
    CHECK(answer->username == "me");
    CHECK(answer->nc == "00000002");
    CHECK(answer->qop == "auth");
    CHECK(answer->realm.empty());
    for (const auto* const text : {"", "Basic abc", "Digest username", "Digest username=\"me"}) {
      CAPTURE(text);
      CHECK_FALSE(parse_digest(text));
    }
  }

  TEST_CASE("the challenge is spelled as Atlas spells it") {
    DigestGuard guard({});
    const std::string text = guard.challenge(Outcome::refused, aka::base::SteadyTime(24h));
    const auto nonce = parse_digest(text)->nonce;
    CHECK(nonce.size() == 32);
    CHECK(text == "Digest realm=\"MMS Public API\", domain=\"\", nonce=\"" + nonce +
                      "\", algorithm=MD5, qop=\"auth\", stale=false");
    DigestGuard other({HashAlgorithm::sha256, DigestQop::none, 60s});
    const std::string plain = other.challenge(Outcome::stale, aka::base::SteadyTime(24h));
    CHECK(plain == "Digest realm=\"MMS Public API\", domain=\"\", nonce=\"" +
                       parse_digest(plain)->nonce + "\", algorithm=SHA-256, stale=true");
  }

  TEST_CASE("no two challenges share a nonce") {
    DigestGuard guard({});
    std::set<std::string> nonces;
    for (int i = 0; i < 100; ++i) {
      nonces.insert(parse_digest(guard.challenge(Outcome::refused, {}))->nonce);
    }
    CHECK(nonces.size() == 100);
  }

  TEST_CASE_FIXTURE(Guarded, "a right answer passes in every variant of the challenge") {
    for (const auto algorithm : {HashAlgorithm::md5, HashAlgorithm::sha256}) {
      for (const auto qop : {DigestQop::auth, DigestQop::none}) {
        DigestGuard guard({algorithm, qop, 60s});
        const auto asked = request("GET", "/api?x=1");
        CHECK(check(guard, answer_to(guard, asked), "/api?x=1") == Outcome::accepted);
      }
    }
  }

  TEST_CASE_FIXTURE(Guarded, "whatever is wrong with an answer, it is refused") {
    struct Row {
      std::string name, from, to;
    };
    const std::vector<Row> rows{
        {"another user", "readerpk", "ownerpky"},
        {"another realm", "MMS Public API", "MMS"},
        {"another path", "uri=\"/api\"", "uri=\"/\""},
        {"another algorithm", "algorithm=MD5", "algorithm=SHA-256"},
        {"no qop", "qop=auth, ", ""},
        {"auth-int", "qop=auth", "qop=auth-int"},
        {"another count", "nc=00000001", "nc=00000002"},
        {"a short count", "nc=00000001", "nc=1"},
        {"another cnonce", "c0ffee", "c0ffe"},
        {"a broken nonce", "nonce=\"", "nonce=\"AAAA"},
    };
    DigestGuard guard(settings);
    const auto asked = request("GET", "/api");
    for (const Row& row : rows) {
      CAPTURE(row.name);
      const std::string good = answer_to(guard, asked);
      CHECK(check(guard, replaced(good, row.from, row.to), "/api") == Outcome::refused);
      CHECK(check(guard, good, "/api") == Outcome::accepted);
    }
    CHECK(check(guard, answer_to(guard, asked), "/api?more") == Outcome::refused);
    CHECK(guard.check(parse_digest(answer_to(guard, asked)).value(), "POST", "/api", kSecret,
                      now) == Outcome::refused);
    CHECK(guard.check(parse_digest(answer_to(guard, asked)).value(), "GET", "/api",
                      aka::base::Secret("other"), now) == Outcome::refused);
    DigestGuard stranger(settings);
    CHECK(check(guard, answer_to(stranger, asked), "/api") == Outcome::refused);
  }

  TEST_CASE_FIXTURE(Guarded, "counts start at 1 and rise; a replay is refused") {
    struct Row {
      std::string nc;
      Outcome outcome;
    };
    const std::vector<Row> rows{
        {"00000000", Outcome::refused},  {"00000001", Outcome::accepted},
        {"00000001", Outcome::refused},  {"00000002", Outcome::accepted},
        {"0000000a", Outcome::accepted}, {"00000009", Outcome::refused},
        {"0000000B", Outcome::accepted}, {"0000000g", Outcome::refused},
    };
    DigestGuard guard(settings);
    const auto asked = request("GET", "/api");
    const std::string challenge = guard.challenge(Outcome::refused, now);
    for (const Row& row : rows) {
      CAPTURE(row.nc);
      const auto header = authorization(challenge, asked, "readerpk", "reader-secret", row.nc);
      CHECK(check(guard, header, "/api") == row.outcome);
    }
  }

  TEST_CASE_FIXTURE(Guarded, "an old nonce is stale for the right secret only") {
    DigestGuard guard(settings);
    const auto asked = request("GET", "/api");
    const std::string header = answer_to(guard, asked);
    now += 59'999ms;
    CHECK(check(guard, header, "/api") == Outcome::accepted);
    now += 1ms;
    CHECK(check(guard, header, "/api") == Outcome::stale);
    CHECK(guard.check(parse_digest(header).value(), "GET", "/api", aka::base::Secret("other"),
                      now) == Outcome::refused);
  }

  TEST_CASE_FIXTURE(Guarded, "a replay is refused however many nonces were used meanwhile") {
    DigestGuard guard(settings);
    const auto asked = request("GET", "/api");
    const std::string first = answer_to(guard, asked);
    CHECK(check(guard, first, "/api") == Outcome::accepted);
    for (int i = 0; i < 20'000; ++i) check(guard, answer_to(guard, asked), "/api");
    CHECK(check(guard, first, "/api") == Outcome::refused);
  }
}
