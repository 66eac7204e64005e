// The life of an access token: fetched once for all threads, renewed, replaced, given back, and
// never asked for too often.
#include <filesystem>
#include <functional>
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

using namespace std::chrono_literals;
using model::Reason;
using model::State;
using test::describe;
using test::token_body;
using testing::ScriptedTransport;

const std::string kRefused = R"({"error":401,"errorCode":"UNEXPECTED_ERROR"})";

class Session {
 public:
  Session() : file_(test::kClientSecret), credential_(test::service_account(file_)) {
    authenticator_ = credential_->authenticator();
  }

  tl::expected<Reply, Refusal> poll() {
    Line line(transport_, "", clock_, {test::soon(), stop_});
    http::Request request;
    request.target = "/t";
    auto reply = authenticator_->perform(request, line);
    sent_ = line.take_sent();
    return reply;
  }

  /// What was sent since the last call.
  std::vector<std::string> sent() {
    std::vector<std::string> result;
    for (; seen_ < transport_.requests.size(); ++seen_) {
      result.push_back(describe(transport_.requests[seen_]));
    }
    return result;
  }

  void fetch_first_token(long life = 3600) {
    transport_.then_answer(200, token_body("one", life)).then_answer(200, "{}");
    REQUIRE(poll().has_value());
    sent();
  }

  ScriptedTransport transport_;
  testing::FakeClock clock_;
  base::StopSignal stop_;
  test::SecretFile file_;
  std::shared_ptr<Credential> credential_;
  std::vector<Sent> sent_;

 private:
  std::unique_ptr<Authenticator> authenticator_;
  std::size_t seen_ = 0;
};

using Texts = std::vector<std::string>;

TEST_SUITE("service account") {
  TEST_CASE("a token is fetched as the service wants it and then used") {
    Session session;
    session.transport_.then_answer(200, token_body("one"))
        .then_answer(200, "{}")
        .then_answer(200, "{}");
    CHECK(session.poll()->exchange->status == 200);
    CHECK(session.sent_.size() == 1);  // the token request is not one to the API
    CHECK(session.poll()->exchange->status == 200);
    CHECK(session.sent() ==
          Texts{"POST /api/oauth/token", "GET /t Bearer one", "GET /t Bearer one"});
    const http::Request& request = session.transport_.requests[0];
    CHECK(request.body == "grant_type=client_credentials");
    CHECK(request.content_type == "application/x-www-form-urlencoded");
    CHECK(test::header_of(request, "Accept") == "application/json");
    CHECK(test::header_of(request, "Authorization") ==
          "Basic bWRiX3NhX2lkXzAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2NzptZGJfc2Ffc2tfVGhpc0lzVGhlU2VjcmV0"
          "T2ZUaGVTZXJ2aWNlQWNjb3VudDAxMjM=");
  }

  TEST_CASE("a token is renewed a quarter of its life early, at most ten minutes") {
    struct Row {
      long life;
      std::chrono::seconds renewed_at;
    };
    for (const Row& row : {Row{3600, 3000s}, Row{600, 450s}, Row{4, 3s}}) {
      Session session;
      session.fetch_first_token(row.life);
      session.clock_.advance(row.renewed_at - 1ms);
      session.transport_.then_answer(200, "{}");
      REQUIRE(session.poll().has_value());
      CHECK(session.sent() == Texts{"GET /t Bearer one"});
      session.clock_.advance(1ms);
      session.transport_.then_answer(200, token_body("two")).then_answer(200, "{}");
      REQUIRE(session.poll().has_value());
      CHECK(session.sent() == Texts{"POST /api/oauth/token", "GET /t Bearer two"});
    }
  }

  TEST_CASE("a renewal that fails leaves the living token, until that expires") {
    Session session;
    session.fetch_first_token();
    session.clock_.advance(3000s);
    session.transport_.then_answer(503).then_answer(200, "{}").then_answer(200, "{}");
    CHECK(session.poll()->exchange->status == 200);
    CHECK(session.sent() == Texts{"POST /api/oauth/token", "GET /t Bearer one"});
    CHECK(session.poll()->exchange->status == 200);
    CHECK(session.sent() == Texts{"GET /t Bearer one"});  // no second try at once
    session.clock_.advance(600s);
    session.transport_.then_answer(503);
    const auto expired = session.poll();
    REQUIRE_FALSE(expired.has_value());
    CHECK(expired.error().failure.reason == Reason::http_5xx);
    CHECK(session.sent() == Texts{"POST /api/oauth/token"});
  }

  TEST_CASE("a token that served and is refused is replaced once, within the poll") {
    Session session;
    session.fetch_first_token();
    session.transport_.then_answer(401, kRefused)
        .then_answer(200, token_body("two"))
        .then_answer(200, "{}");
    CHECK(session.poll()->exchange->status == 200);
    CHECK(session.sent() ==
          Texts{"GET /t Bearer one", "POST /api/oauth/token", "GET /t Bearer two"});
    CHECK(session.sent_.size() == 2);
  }

  TEST_CASE("a token that is refused right after its fetch is not replaced, poll after poll") {
    Session session;
    session.transport_.then_answer(200, token_body("one"));
    for (int i = 0; i < 5; ++i) session.transport_.then_answer(401, kRefused);
    for (int i = 0; i < 5; ++i) {
      const auto reply = session.poll();
      REQUIRE(reply.has_value());
      CHECK(reply->exchange->status == 401);
      CHECK(reply->login_note.find("check that the service account still exists") !=
            std::string::npos);
    }
    const Texts sent = session.sent();
    CHECK(std::count(sent.begin(), sent.end(), "POST /api/oauth/token") == 1);
  }

  TEST_CASE("however often the API refuses, an hour sees few fetches") {
    for (const bool accepted_elsewhere : {false, true}) {
      Session session;
      int fetches = 0;
      for (int second = 0; second < 3600; ++second) {
        const auto answer = [&](const http::Request& request) -> http::Exchange {
          if (request.method == "GET") return http::Answer{401, {}, kRefused};
          ++fetches;
          return http::Answer{200, {}, token_body(fmt::format("t{}", fetches))};
        };
        if (accepted_elsewhere && second % 2 == 0) {  // another organization takes the token
          session.transport_.then([&](const http::Request& request) -> http::Exchange {
            if (request.method == "GET") return http::Answer{200, {}, "{}"};
            return answer(request);
          });
        }
        for (int i = 0; i < 3; ++i) session.transport_.then(answer);
        REQUIRE(session.poll().has_value());
        while (session.transport_.steps_left() > 0) {
          static_cast<void>(session.transport_.send({}, {test::soon(), session.stop_}));
        }
        session.clock_.advance(1s);
      }
      CHECK(fetches >= 3);
      CHECK(fetches <= 9);
    }
  }

  TEST_CASE("a 401 with a code of its own is an answer and costs no token") {
    Session session;
    session.fetch_first_token();
    session.transport_.then_answer(401, R"({"errorCode":"USER_CANNOT_ACCESS_ORG"})");
    const auto reply = session.poll();
    CHECK(reply->exchange->status == 401);
    CHECK(reply->login_note.empty());
    CHECK(session.sent() == Texts{"GET /t Bearer one"});
  }

  TEST_CASE("each failure of the token endpoint has its state and reason, and nothing is polled") {
    struct Row {
      std::string name;
      std::function<void(ScriptedTransport&)> script;
      State state;
      Reason reason;
      int status;
    };
    const auto answers = [](int status, std::string body) {
      return [status, body](ScriptedTransport& transport) { transport.then_answer(status, body); };
    };
    const auto fails = [](http::Failure failure) {
      return [failure](ScriptedTransport& transport) { transport.then_fail(failure); };
    };
    const std::string invalid_client =
        R"({"error_description":"Invalid credentials provided.","error":"invalid_client"})";
    const std::vector<Row> rows{
        {"401 invalid_client", answers(401, invalid_client), State::unauthorized,
         Reason::bad_credentials, 401},
        {"400 invalid_client", answers(400, invalid_client), State::unauthorized,
         Reason::bad_credentials, 400},
        {"401 without a body", answers(401, ""), State::unauthorized, Reason::bad_credentials, 401},
        {"400 invalid_grant", answers(400, R"({"error":"invalid_grant"})"), State::error,
         Reason::bad_request, 400},
        {"403 access_denied", answers(403, R"({"error":"access_denied"})"), State::forbidden,
         Reason::denied, 403},
        {"404", answers(404, "<html>"), State::error, Reason::bad_request, 404},
        {"302", answers(302, ""), State::error, Reason::bad_request, 302},
        {"429",
         answers(429, R"({"detail":"Resource /api/oauth/token is limited to 50 requests every 1 )"
                      R"(minutes.","error":429,"errorCode":"RATE_LIMITED","parameters":)"
                      R"(["/api/oauth/token",50,1],"reason":"Too Many Requests"})"),
         State::rate_limited, Reason::throttled, 429},
        {"500 server_error", answers(500, R"({"error":"server_error"})"), State::error,
         Reason::http_5xx, 500},
        {"503 page", answers(503, "<html>"), State::error, Reason::http_5xx, 503},
        {"timeout", fails(http::Failure::timeout), State::error, Reason::timeout, 0},
        {"connect", fails(http::Failure::connect), State::error, Reason::connect, 0},
        {"dns", fails(http::Failure::dns), State::error, Reason::dns, 0},
        {"tls", fails(http::Failure::tls), State::error, Reason::tls, 0},
        {"proxy", fails(http::Failure::proxy), State::error, Reason::proxy, 0},
        {"too large", fails(http::Failure::too_large), State::error, Reason::too_large, 0},
        {"204", answers(204, ""), State::error, Reason::invalid_body, 204},
        {"200 empty", answers(200, ""), State::error, Reason::invalid_body, 200},
        {"200 without token", answers(200, R"({"token_type":"Bearer"})"), State::error,
         Reason::invalid_body, 200},
        {"200 with another type",
         answers(200, R"({"access_token":"a","token_type":"mac","expires_in":60})"), State::error,
         Reason::invalid_body, 200},
        {"200 expired", answers(200, token_body("a", 0)), State::error, Reason::invalid_body, 200},
        {"200 with a text as life", answers(200, R"({"access_token":"a","expires_in":"60"})"),
         State::error, Reason::invalid_body, 200},
        {"200 with a token that breaks the header", answers(200, token_body("a\\r\\nX: y")),
         State::error, Reason::invalid_body, 200},
        {"200 with two tokens", answers(200, R"({"access_token":"a","access_token":"b"})"),
         State::error, Reason::invalid_body, 200},
    };
    for (const Row& row : rows) {
      CAPTURE(row.name);
      Session session;
      row.script(session.transport_);
      for (int i = 0; i < 3; ++i) {  // the pause that follows repeats the failure, unasked
        const auto reply = session.poll();
        REQUIRE_FALSE(reply.has_value());
        CHECK(model::to_string(reply.error().failure.state) == model::to_string(row.state));
        CHECK(model::to_string(reply.error().failure.reason) == model::to_string(row.reason));
        CHECK(reply.error().http_status == row.status);
        CHECK(reply.error().failure.message.starts_with("cannot get an access token: "));
        CHECK(session.sent_.empty());
      }
      CHECK(session.sent() == Texts{"POST /api/oauth/token"});
    }
  }

  TEST_CASE("failures are followed by pauses, longer ones where the service asks for it") {
    const auto pause_after = [](int status, const http::HeaderList& headers, int failures) {
      Session session;
      for (int i = 0; i < failures; ++i) {
        session.clock_.advance(24h);
        session.transport_.then_answer(status, "", headers);
        REQUIRE_FALSE(session.poll().has_value());
      }
      std::chrono::seconds pause = 0s;
      const std::size_t before = session.transport_.requests.size();
      while (session.transport_.requests.size() == before) {
        session.clock_.advance(1s);
        pause += 1s;
        static_cast<void>(session.poll());
      }
      return pause;
    };
    CHECK(pause_after(503, {}, 1) == 1s);
    CHECK(pause_after(503, {}, 3) == 4s);
    CHECK(pause_after(503, {}, 20) == 60s);
    CHECK(pause_after(503, {{"Retry-After", "90"}}, 1) == 90s);
    CHECK(pause_after(401, {}, 1) == 60s);
    CHECK(pause_after(429, {}, 1) == 10s);
    CHECK(pause_after(429, {{"Retry-After", "55"}}, 1) == 55s);
  }

  TEST_CASE("what the service asks to wait is passed on") {
    Session session;
    session.transport_.then_answer(429, "", {{"Retry-After", "55"}});
    CHECK(session.poll().error().retry_after == base::Duration(55s));
  }

  TEST_CASE("a new secret ends the pause that the old one earned") {
    Session session;
    session.transport_.then_answer(401).then_answer(200, token_body("one")).then_answer(200, "{}");
    REQUIRE_FALSE(session.poll().has_value());
    test::rewrite(session.file_, "mdb_sa_sk_new");
    REQUIRE(session.credential_->reload().has_value());
    REQUIRE(session.poll().has_value());
    CHECK(test::header_of(session.transport_.requests[1], "Authorization") ==
          "Basic bWRiX3NhX2lkXzAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2NzptZGJfc2Ffc2tfbmV3");
    std::filesystem::remove(session.file_.path());
    CHECK_FALSE(session.credential_->reload().has_value());
  }

  TEST_CASE("the token is given back once, and only if it lives") {
    Session session;
    Line line(session.transport_, "/base", session.clock_, {test::soon(), session.stop_});
    session.credential_->revoke(line);
    CHECK(session.sent().empty());
    session.transport_.then_answer(200, token_body("a+b/c=")).then_answer(200, "{}");
    REQUIRE(session.poll().has_value());
    session.sent();
    session.transport_.then_answer(200);
    session.credential_->revoke(line);
    session.credential_->revoke(line);
    CHECK(session.sent() == Texts{"POST /base/api/oauth/revoke"});
    const http::Request& request = session.transport_.requests.back();
    CHECK(request.body == "token=a%2Bb%2Fc%3D&token_type_hint=access_token");
    CHECK(test::header_of(request, "Authorization").starts_with("Basic "));
    CHECK(request.content_type == "application/x-www-form-urlencoded");

    session.fetch_first_token();
    session.clock_.advance(1h);
    session.credential_->revoke(line);
    CHECK(session.sent().empty());
  }

  TEST_CASE("a stop while the token is fetched is a stop, not a failure to remember") {
    Session session;
    session.transport_.then_fail(http::Failure::stopped);
    const auto stopped = session.poll();
    REQUIRE(stopped.has_value());
    CHECK(stopped->exchange.error().failure == http::Failure::stopped);
    session.fetch_first_token();
  }

  TEST_CASE("the same account and place make the same credential") {
    const test::SecretFile one(test::kClientSecret);
    const test::SecretFile two(test::kClientSecret);
    const auto credential = test::service_account(one);
    CHECK(credential->same_as(*test::service_account(one)));
    CHECK_FALSE(credential->same_as(*test::service_account(two)));
    CHECK_FALSE(
        credential->same_as(*test::service_account(one, "mdb_sa_id_ffffffffffffffffffffffff")));
    CHECK_FALSE(credential->same_as(*test::digest_credential(one)));
  }
}

}  // namespace
}  // namespace aka::atlas
