// Whole polls over a scripted transport: addresses, logins, facts, and no secret in any of them.
#include "atlas/client.h"

#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "base/stop.h"
#include "login.h"
#include "support/audited.h"
#include "support/fake_clock.h"
#include "support/scripted_transport.h"

namespace aka::atlas {
namespace {

using namespace std::chrono_literals;
using model::Failure;
using model::Reason;
using testing::ScriptedTransport;

const auto kOrganization = model::OrganizationId::parse(test::kOrganization).value();
const auto kKey = model::KeyId::parse(test::kKey).value();

const std::string kBody =
    R"({"desc":"ci","id":"64aa11bb22cc33dd44ee55f1","publicKey":"abcdwxyz","roles":[]})";
const std::string kChallenge =
    R"(Digest realm="MMS Public API", domain="", nonce="n", algorithm=MD5, qop="auth", stale=false)";

class Poll {
 public:
  explicit Poll(std::shared_ptr<Credential> credential, Service service = {}) {
    auto transport = std::make_unique<ScriptedTransport>();
    script = transport.get();
    client = std::make_unique<Client>(std::make_shared<const Service>(std::move(service)),
                                      std::move(credential), std::move(transport), clock);
  }

  std::optional<Fetched> operator()() {
    return client->get_key(kOrganization, kKey, {test::soon(), stop});
  }

  testing::FakeClock clock;
  base::StopSignal stop;
  ScriptedTransport* script = nullptr;
  std::unique_ptr<Client> client;
};

const test::SecretFile& private_key() {
  static const test::SecretFile file(test::kPrivateKey);
  return file;
}

const test::SecretFile& client_secret() {
  static const test::SecretFile file(test::kClientSecret);
  return file;
}

TEST_SUITE("client") {
  TEST_CASE("each flavour of the API has its path and media type") {
    struct Row {
      Service service;
      std::string target;
      std::string accept;
    };
    const std::string key = "/orgs/5f1a2b3c4d5e6f7a8b9c0d1e/apiKeys/64aa11bb22cc33dd44ee55f1";
    const std::vector<Row> rows{
        {{"", ApiFlavour::v1_0}, "/api/atlas/v1.0" + key, "application/json"},
        {{"", ApiFlavour::v2}, "/api/atlas/v2" + key, "application/vnd.atlas.2023-01-01+json"},
        {{"/om/here", ApiFlavour::public_v1_0},
         "/om/here/api/public/v1.0" + key,
         "application/json"},
    };
    for (const Row& row : rows) {
      Poll poll(test::digest_credential(private_key()), row.service);
      poll.script->then_answer(200, kBody);
      REQUIRE(poll().has_value());
      const http::Request& request = poll.script->requests.at(0);
      CHECK(request.method == "GET");
      CHECK(request.target == row.target);
      CHECK(test::header_of(request, "Accept") == row.accept);
      CHECK(request.body_limit == 1024 * 1024);
      CHECK(request.body.empty());
    }
  }

  TEST_CASE("a page of the list is asked for by its number, and may be large") {
    Poll poll(test::digest_credential(private_key()), {"/gate", ApiFlavour::v2});
    poll.script->then_answer(200, R"({"results":[)" + kBody + R"(],"links":[{"rel":"next"}]})",
                             {{"RateLimit-Remaining", "7"}});
    const auto fetched = poll.client->get_page(kOrganization, 3, {test::soon(), poll.stop});
    REQUIRE(fetched.has_value());
    REQUIRE(fetched->page.has_value());
    CHECK(fetched->page->keys == std::vector{test::record({}, "ci")});
    CHECK_FALSE(fetched->page->last);
    CHECK(fetched->http_status == 200);
    CHECK(fetched->rate.remaining == 7);
    CHECK(fetched->sent.size() == 1);
    const http::Request& request = poll.script->requests.at(0);
    CHECK(request.target ==
          "/gate/api/atlas/v2/orgs/5f1a2b3c4d5e6f7a8b9c0d1e/apiKeys?itemsPerPage=500&pageNum=3");
    CHECK(test::header_of(request, "Accept") == "application/vnd.atlas.2023-01-01+json");
    CHECK(request.body_limit == 16 * 1024 * 1024);
  }

  TEST_CASE("a page that cannot be had is a failure with the reasons of a poll") {
    struct Row {
      int status;
      std::string body;
      Reason reason;
    };
    for (const Row& row :
         {Row{500, "", Reason::http_5xx}, Row{429, "{}", Reason::throttled},
          Row{403, "{}", Reason::denied}, Row{302, "", Reason::bad_request},
          Row{404, R"({"errorCode":"API_KEY_NOT_FOUND"})", Reason::unknown},
          Row{404, R"({"errorCode":"ORG_NOT_FOUND"})", Reason::org_missing},
          Row{200, "<html>", Reason::invalid_body}, Row{204, "", Reason::invalid_body},
          Row{401, R"({"errorCode":"USER_UNAUTHORIZED"})", Reason::role_too_low}}) {
      CAPTURE(row.status);
      Poll poll(test::digest_credential(private_key()));
      poll.script->then_answer(row.status, row.body);
      const auto fetched = poll.client->get_page(kOrganization, 1, {test::soon(), poll.stop});
      REQUIRE(fetched.has_value());
      REQUIRE_FALSE(fetched->page.has_value());
      CHECK(fetched->page.error().reason == row.reason);
      CHECK(fetched->http_status == row.status);
    }
    Poll silent(test::digest_credential(private_key()));
    silent.script->then_fail(http::Failure::timeout);
    CHECK(silent.client->get_page(kOrganization, 1, {test::soon(), silent.stop})
              ->page.error()
              .reason == Reason::timeout);
    silent.stop.request();
    CHECK_FALSE(silent.client->get_page(kOrganization, 1, {test::soon(), silent.stop}).has_value());
  }

  TEST_CASE("who the caller is, version 2 tells, whatever the flavour in use") {
    Poll poll(test::digest_credential(private_key()), {"/gate", ApiFlavour::v1_0});
    poll.script->then_answer(200, R"({"apiKey":)" + kBody + "}");
    const auto fetched = poll.client->get_caller(kOrganization, {test::soon(), poll.stop});
    REQUIRE(fetched.has_value());
    REQUIRE(fetched->caller.has_value());
    CHECK(**fetched->caller == test::record({}, "ci"));
    CHECK(poll.script->requests.at(0).target == "/gate/api/atlas/v2");
    CHECK(test::header_of(poll.script->requests.at(0), "Accept") ==
          "application/vnd.atlas.2023-01-01+json");
    poll.script->then_answer(403, "{}");
    CHECK(
        poll.client->get_caller(kOrganization, {test::soon(), poll.stop})->caller.error().reason ==
        Reason::denied);
    poll.stop.request();
    CHECK_FALSE(poll.client->get_caller(kOrganization, {test::soon(), poll.stop}).has_value());
  }

  TEST_CASE("a base path stands before the token endpoint too") {
    Poll poll(test::service_account(client_secret()), {"/gate", ApiFlavour::v2});
    poll.script->then_answer(200, R"({"access_token":"t","expires_in":60})")
        .then_answer(200, kBody);
    REQUIRE(poll().has_value());
    CHECK(poll.script->requests.at(0).target == "/gate/api/oauth/token");
    CHECK(poll.script->requests.at(1).target.starts_with("/gate/api/atlas/v2/orgs/"));
  }

  TEST_CASE("a poll reports record, status, every request with its time, and the rate limit") {
    Poll poll(test::digest_credential(private_key()));
    poll.script
        ->then([&](const http::Request&) -> http::Exchange {
          poll.clock.advance(20ms);
          return http::Answer{401, {{"WWW-Authenticate", kChallenge}}, ""};
        })
        .then([&](const http::Request&) -> http::Exchange {
          poll.clock.advance(30ms);
          return http::Answer{
              200, {{"RateLimit-Limit", "500"}, {"RateLimit-Remaining", "499"}}, kBody};
        });
    const auto fetched = poll();
    REQUIRE(fetched.has_value());
    CHECK(std::get<model::KeyRecord>(fetched->answer) == test::record({}, "ci"));
    CHECK(fetched->http_status == 200);
    REQUIRE(fetched->sent.size() == 2);
    CHECK(fetched->sent[0].code == 401);
    CHECK(fetched->sent[0].took == 20ms);
    CHECK(fetched->sent[1].code == 200);
    CHECK(fetched->sent[1].took == 30ms);
    CHECK(fetched->rate == RateFacts{500, 499, std::nullopt});
  }

  TEST_CASE("polls after the first take one request each") {
    Poll poll(test::digest_credential(private_key()));
    poll.script->then_answer(401, "", {{"WWW-Authenticate", kChallenge}});
    for (int i = 0; i < 10; ++i) poll.script->then_answer(200, kBody);
    for (int i = 0; i < 10; ++i) REQUIRE(poll()->http_status == 200);
    CHECK(poll.script->requests.size() == 11);
  }

  TEST_CASE("a poll without an answer has status 0 and says why") {
    Poll poll(test::digest_credential(private_key()));
    poll.script->then_fail(http::Failure::dns);
    const auto fetched = poll();
    CHECK(std::get<Failure>(fetched->answer).reason == Reason::dns);
    CHECK(fetched->http_status == 0);
    REQUIRE(fetched->sent.size() == 1);
    CHECK(fetched->sent[0].code == 0);
  }

  TEST_CASE("an answer that broke off has the status it began with") {
    Poll poll(test::digest_credential(private_key()));
    poll.script->then_fail(http::Failure::too_large, 200);
    const auto fetched = poll();
    CHECK(std::get<Failure>(fetched->answer).reason == Reason::too_large);
    CHECK(fetched->http_status == 200);
    CHECK(fetched->sent.at(0).code == 200);
  }

  TEST_CASE("a stop leaves nothing behind, whichever the login") {
    for (const auto& credential :
         {test::digest_credential(private_key()), test::service_account(client_secret())}) {
      Poll poll(credential);
      poll.stop.request();
      CHECK_FALSE(poll().has_value());
    }
  }

  TEST_CASE("a token endpoint that refuses is a failed poll without a request to the API") {
    Poll poll(test::service_account(client_secret()));
    poll.script->then_answer(429, "", {{"Retry-After", "55"}});
    const auto fetched = poll();
    CHECK(std::get<Failure>(fetched->answer).reason == Reason::throttled);
    CHECK(fetched->http_status == 429);
    CHECK(fetched->sent.empty());
    CHECK(fetched->rate.retry_after == base::Duration(55s));
  }

  TEST_CASE("signing out gives the token back") {
    Poll poll(test::service_account(client_secret()));
    poll.script->then_answer(200, R"({"access_token":"t","expires_in":60})")
        .then_answer(200, kBody);
    REQUIRE(poll().has_value());
    poll.script->then_answer(200);
    poll.client->sign_out({test::soon(), poll.stop});
    CHECK(poll.script->requests.back().target == "/api/oauth/revoke");
  }

  TEST_CASE("no login is repeated for a redirect") {
    Poll poll(test::service_account(client_secret()));
    poll.script->then_answer(200, R"({"access_token":"t","expires_in":60})")
        .then_answer(302, "", {{"Location", "https://elsewhere.example/"}});
    const auto fetched = poll();
    CHECK(std::get<Failure>(fetched->answer).reason == Reason::bad_request);
    CHECK(poll.script->requests.size() == 2);
  }

  TEST_CASE("a secret that comes back in any answer is in no message") {
    const std::vector<std::string> secrets{test::kPrivateKey, test::kClientSecret};
    const auto message = [](std::shared_ptr<Credential> credential, int status,
                            const std::string& secret) {
      Poll poll(std::move(credential));
      const std::string body = fmt::format(
          R"({{"id":"64aa11bb22cc33dd44ee55f1","detail":"{0}","errorCode":"{0}","reason":"{0}",)"
          R"("error":"{0}","error_description":"{0}","privateKey":"{0}","roles":["{0}"]}})",
          secret);
      const http::HeaderList headers{{"X-Error-Code", secret},
                                     {"WWW-Authenticate", "Basic realm=\"" + secret + "\""}};
      for (int i = 0; i < 3; ++i) poll.script->then_answer(status, body, headers);
      return std::get<Failure>(poll()->answer).message;
    };
    for (const int status : {200, 204, 302, 400, 401, 403, 404, 407, 410, 429, 500, 503}) {
      for (const std::string& secret : secrets) {
        const std::string texts = message(test::digest_credential(private_key()), status, secret) +
                                  message(test::service_account(client_secret()), status, secret);
        CAPTURE(texts);
        CHECK(texts.find(test::kPrivateKey) == std::string::npos);
        CHECK(texts.find(test::kClientSecret) == std::string::npos);
      }
    }
  }
}

}  // namespace
}  // namespace aka::atlas
