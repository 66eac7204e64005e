// The life of a digest login over a scripted transport: what is sent, how often, and when it stops.
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/stop.h"
#include "login.h"
#include "support/fake_clock.h"
#include "support/scripted_transport.h"

namespace aka::atlas {
namespace {

using testing::ScriptedTransport;

/// The value of a field of a Digest header: `nc=00000001`, `nonce="n1"`.
std::string field(const std::string& header, const std::string& name) {
  const std::size_t start = header.find(" " + name + "=");
  if (start == std::string::npos) return "";
  std::string value = header.substr(start + name.size() + 2);
  value = value.substr(0, value.find(", "));
  if (value.starts_with('"')) value = value.substr(1, value.size() - 2);
  return value;
}

/// "-" for a request without login, else nonce and count: "n1:00000001".
std::string proof(const http::Request& request) {
  const std::string header = test::header_of(request, "Authorization");
  return header.empty() ? "-" : field(header, "nonce") + ":" + field(header, "nc");
}

/// One answer of the server.
struct Step {
  int status = 200;
  std::string nonce;  // of a challenge; empty: none
  std::string stale = "false";
  std::string code = "UNEXPECTED_ERROR";  // in the body of what is not 200; "" leaves it out
  std::string next_nonce;
};

http::Answer answer(const Step& step) {
  http::Answer answer{step.status, {}, ""};
  if (!step.nonce.empty()) {
    answer.headers.emplace_back(
        "WWW-Authenticate",
        fmt::format(R"(Digest realm="MMS Public API", domain="", nonce="{}", algorithm=MD5, )"
                    R"(qop="auth", stale={})",
                    step.nonce, step.stale));
  }
  if (!step.next_nonce.empty()) {
    answer.headers.emplace_back("Authentication-Info",
                                fmt::format(R"(nextnonce="{}", qop=auth)", step.next_nonce));
  }
  answer.body = step.status == 200  ? "{}"
                : step.code.empty() ? R"({"error":401})"
                                    : fmt::format(R"({{"errorCode":"{}"}})", step.code);
  return answer;
}

struct Poll {
  std::vector<Step> steps;
  std::vector<std::string> requests;  // by proof()
  int status;
};

class Session {
 public:
  Session() : file_(test::kPrivateKey), credential_(test::digest_credential(file_)) {
    authenticator_ = credential_->authenticator();
  }

  tl::expected<Reply, Refusal> poll(const std::vector<Step>& steps, std::string target = "/t?q=1") {
    for (const Step& step : steps) {
      const http::Answer next = answer(step);
      transport_.then_answer(next.status, next.body, next.headers);
    }
    Line line(transport_, "", clock_, {test::soon(), stop_});
    http::Request request;
    request.target = std::move(target);
    first_ = transport_.requests.size();
    auto reply = authenticator_->perform(request, line);
    sent_ = line.take_sent();
    return reply;
  }

  std::vector<std::string> proofs() const {
    std::vector<std::string> result;
    for (std::size_t i = first_; i < transport_.requests.size(); ++i) {
      result.push_back(proof(transport_.requests[i]));
    }
    return result;
  }

  ScriptedTransport transport_;
  test::SecretFile file_;
  std::shared_ptr<Credential> credential_;
  std::vector<Sent> sent_;

 private:
  testing::FakeClock clock_;
  base::StopSignal stop_;
  std::unique_ptr<Authenticator> authenticator_;
  std::size_t first_ = 0;
};

const Step kOk{};
Step plain(int status) { return {status, "", "", "", ""}; }
Step challenge(std::string nonce) { return {401, std::move(nonce), "false", "", ""}; }
Step stale(std::string nonce) { return {401, std::move(nonce), "true", "", ""}; }
Step refusal(std::string nonce, std::string code) {
  return {401, std::move(nonce), "false", std::move(code), ""};
}

TEST_SUITE("digest") {
  TEST_CASE("what is sent follows from what is answered, and always ends") {
    struct Row {
      std::string name;
      std::vector<Poll> polls;
    };
    const std::vector<Row> rows{
        {"a challenge is answered once and then used with a rising count",
         {{{challenge("n1"), kOk}, {"-", "n1:00000001"}, 200},
          {{kOk}, {"n1:00000002"}, 200},
          {{kOk}, {"n1:00000003"}, 200}}},
        {"a server that asks for nothing is told nothing", {{{kOk}, {"-"}, 200}}},
        {"a kept nonce that is stale is replaced in the same poll",
         {{{challenge("n1"), kOk}, {"-", "n1:00000001"}, 200},
          {{stale("n2"), kOk}, {"n1:00000002", "n2:00000001"}, 200},
          {{kOk}, {"n2:00000002"}, 200}}},
        {"so is one that the server forgot without saying stale",
         {{{challenge("n1"), kOk}, {"-", "n1:00000001"}, 200},
          {{refusal("n2", "UNEXPECTED_ERROR"), kOk}, {"n1:00000002", "n2:00000001"}, 200}}},
        {"a fresh nonce that is refused is final, and the next poll starts over",
         {{{challenge("n1"), challenge("n2")}, {"-", "n1:00000001"}, 401},
          {{challenge("n3"), kOk}, {"-", "n3:00000001"}, 200}}},
        {"a fresh nonce that is stale is replaced once more",
         {{{challenge("n1"), stale("n2"), kOk}, {"-", "n1:00000001", "n2:00000001"}, 200}}},
        {"a server that calls every nonce stale ends the poll",
         {{{challenge("n1"), stale("n2"), stale("n3")}, {"-", "n1:00000001", "n2:00000001"}, 401}}},
        {"a kept nonce refused, then the new one refused: final",
         {{{challenge("n1"), kOk}, {"-", "n1:00000001"}, 200},
          {{challenge("n2"), challenge("n3")}, {"n1:00000002", "n2:00000001"}, 401}}},
        {"a kept nonce refused, the new one stale: a third request, no fourth",
         {{{challenge("n1"), kOk}, {"-", "n1:00000001"}, 200},
          {{stale("n2"), stale("n3"), stale("n4")},
           {"n1:00000002", "n2:00000001", "n3:00000001"},
           401}}},
        {"the same nonce again without stale is final",
         {{{challenge("n1"), kOk}, {"-", "n1:00000001"}, 200},
          {{challenge("n1")}, {"n1:00000002"}, 401}}},
        {"the same nonce again with stale is answered",
         {{{challenge("n1"), kOk}, {"-", "n1:00000001"}, 200},
          {{stale("n1"), kOk}, {"n1:00000002", "n1:00000001"}, 200}}},
        {"a 401 with a code of its own is an answer: no repeat, and the nonce lives",
         {{{challenge("n1"), refusal("n9", "USER_UNAUTHORIZED")}, {"-", "n1:00000001"}, 401},
          {{refusal("n9", "NOT_ORG_OWNER")}, {"n1:00000002"}, 401},
          {{kOk}, {"n1:00000003"}, 200}}},
        {"a first challenge is answered whatever its code",
         {{{refusal("n1", "NO_CURRENT_USER"), kOk}, {"-", "n1:00000001"}, 200}}},
        {"a 401 without a challenge is final",
         {{{refusal("", "UNEXPECTED_ERROR")}, {"-"}, 401},
          {{challenge("n1"), refusal("", "UNEXPECTED_ERROR")}, {"-", "n1:00000001"}, 401}}},
        {"other failures are answers", {{{plain(503)}, {"-"}, 503}, {{plain(403)}, {"-"}, 403}}},
        {"the server may name the next nonce",
         {{{challenge("n1"), Step{200, "", "", "", "n2"}}, {"-", "n1:00000001"}, 200},
          {{kOk}, {"n2:00000001"}, 200},
          {{kOk}, {"n2:00000002"}, 200}}},
    };
    for (const Row& row : rows) {
      Session session;
      for (std::size_t i = 0; i < row.polls.size(); ++i) {
        CAPTURE(row.name);
        CAPTURE(i);
        const auto reply = session.poll(row.polls[i].steps);
        REQUIRE(reply.has_value());
        CHECK(reply->exchange->status == row.polls[i].status);
        CHECK(session.proofs() == row.polls[i].requests);
        CHECK(session.sent_.size() == row.polls[i].requests.size());
        CHECK(session.transport_.steps_left() == 0);
      }
    }
  }

  TEST_CASE("the answer covers method and whole target, and the client's nonce lasts") {
    Session session;
    REQUIRE(session.poll({challenge("n1"), kOk}, "/a/b?c=d").has_value());
    REQUIRE(session.poll({kOk}, "/other").has_value());
    REQUIRE(session.poll({stale("n2"), kOk}, "/other").has_value());
    const auto header = [&](std::size_t i) {
      return test::header_of(session.transport_.requests[i], "Authorization");
    };
    CHECK(field(header(1), "username") == "abcdwxyz");
    CHECK(field(header(1), "realm") == "MMS Public API");
    CHECK(field(header(1), "uri") == "/a/b?c=d");
    CHECK(field(header(2), "uri") == "/other");
    CHECK(field(header(1), "cnonce") == field(header(2), "cnonce"));
    CHECK(field(header(1), "cnonce") != field(header(4), "cnonce"));
    CHECK(field(header(1), "response") != field(header(2), "response"));
    CHECK(field(header(1), "opaque").empty());
  }

  TEST_CASE("a transport that fails ends the poll, and the nonce is used on with a higher count") {
    Session session;
    REQUIRE(session.poll({challenge("n1"), kOk}).has_value());
    session.transport_.then_fail(http::Failure::timeout);
    const auto failed = session.poll({});
    REQUIRE(failed.has_value());
    CHECK(failed->exchange.error().failure == http::Failure::timeout);
    REQUIRE(session.poll({kOk}).has_value());
    CHECK(session.proofs() == std::vector<std::string>{"n1:00000003"});
  }

  TEST_CASE("a refused login says where to look, and never the secret") {
    Session session;
    const auto wrong = session.poll({challenge("n1"), challenge("n2")});
    CHECK(wrong->login_note ==
          fmt::format("check public_key, the private key in {}, and that this API key still exists "
                      "in the organization",
                      session.file_.path()));
    session.transport_.then_answer(401, "", {{"WWW-Authenticate", "Basic realm=\"x\""}});
    CHECK(session.poll({})->login_note ==
          "it offers no digest login that can be answered (it offers Basic); check "
          "atlas.base_url");
    session.transport_.then_answer(401);
    CHECK(session.poll({})->login_note ==
          "it offers no digest login that can be answered (it names no method); check "
          "atlas.base_url");
    for (const http::Request& request : session.transport_.requests) {
      for (const auto& [name, value] : request.headers) {
        CHECK(value.find(test::kPrivateKey) == std::string::npos);
      }
    }
  }

  TEST_CASE("a changed secret is used from the next request on, a lost one leaves the old") {
    const auto response = [](const Session& session) {
      return field(test::header_of(session.transport_.requests.back(), "Authorization"),
                   "response");
    };
    Session session;
    Session other;
    test::rewrite(other.file_, "another");
    REQUIRE(other.credential_->reload().has_value());
    std::filesystem::remove(other.file_.path());
    const auto lost = other.credential_->reload();
    REQUIRE_FALSE(lost.has_value());
    CHECK(lost.error().kind == base::ErrorKind::not_found);
    // Without qop there is no random part: equal responses mean equal secrets.
    const http::HeaderList plain{{"WWW-Authenticate", R"(Digest realm="r", nonce="n")"}};
    for (Session* each : {&session, &other}) {
      each->transport_.then_answer(401, "", plain);
      REQUIRE(each->poll({kOk}).has_value());
    }
    CHECK(response(session) != response(other));
    test::rewrite(session.file_, "another");
    REQUIRE(session.credential_->reload().has_value());
    REQUIRE(session.poll({kOk}).has_value());
    CHECK(response(session) == response(other));
  }

  TEST_CASE("the same key and place make the same credential") {
    const test::SecretFile one(test::kPrivateKey);
    const test::SecretFile two(test::kPrivateKey);
    const auto credential = test::digest_credential(one);
    CHECK(credential->public_key() == "abcdwxyz");
    CHECK(credential->same_as(*test::digest_credential(one)));
    CHECK_FALSE(credential->same_as(*test::digest_credential(two)));
    CHECK_FALSE(credential->same_as(*test::digest_credential(one, "bcdwxyza")));
    CHECK_FALSE(credential->same_as(*test::service_account(one)));
  }
}

}  // namespace
}  // namespace aka::atlas
