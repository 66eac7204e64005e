#include <chrono>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "simulator/crypto.h"
#include "simulator/small_world.h"

using namespace aka::simulator;
using namespace aka::simulator::test;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

const std::string kClient = "mdb_sa_id_0123456789abcdef01234567";
const std::string kKeyPath = "/api/atlas/v2/orgs/" + kOrg + "/apiKeys/" + kKey;

aka::web::Request form(const std::string& path, const std::string& body,
                       const std::string& secret = "mdb_sa_sk_secret") {
  auto asked = request("POST", path, body);
  asked.headers.emplace("Content-Type", "application/x-www-form-urlencoded");
  asked.headers.emplace("Authorization", "Basic " + base64(kClient + ":" + secret));
  return asked;
}

struct Office {
  StillClock clock;
  ServiceOptions options;
  Service service{fixture(), options, clock};

  aka::web::Response grant() {
    return service.answer(form("/api/oauth/token", "grant_type=client_credentials"));
  }
  std::string token() { return json::parse(grant().body)["access_token"]; }
  aka::web::Response get(const std::string& target, const std::string& token) {
    auto asked = request("GET", target);
    asked.headers.emplace("Authorization", "Bearer " + token);
    return service.answer(asked);
  }
};

}  // namespace

TEST_SUITE("simulated service accounts") {
  TEST_CASE_FIXTURE(Office, "a token is granted and opens the API of its organization") {
    const auto answer = grant();
    CHECK(answer.status == 200);
    CHECK(answer.content_type == "application/json");
    const json body = json::parse(answer.body);
    CHECK(body["expires_in"] == 3600);
    CHECK(body["token_type"] == "Bearer");
    CHECK(body.size() == 3);
    const std::string token = body["access_token"];
    CHECK(get(kKeyPath, token).status == 200);
    CHECK(get("/api/atlas/v1.0/orgs/" + kOrg + "/apiKeys", token).status == 200);
    CHECK(get("/api/atlas/v2/orgs/" + kForeignOrg + "/apiKeys", token).status == 401);
    CHECK(json::parse(get("/api/atlas/v2", token).body)["apiKey"].is_null());
  }

  TEST_CASE_FIXTURE(Office, "requests without a good form or secret get OAuth's errors") {
    struct Row {
      aka::web::Request request;
      int status;
      std::string body;
    };
    auto no_header = form("/api/oauth/token", "grant_type=client_credentials");
    no_header.headers.erase("Authorization");
    auto not_a_form = form("/api/oauth/token", "grant_type=client_credentials");
    not_a_form.headers.erase("Content-Type");
    auto encoded = form("/api/oauth/token", "grant_type=client_credentials");
    encoded.headers.erase("Authorization");
    encoded.headers.emplace("Authorization",
                            "Basic " + base64("mdb%5Fsa%5Fid%5F0123456789abcdef01234567:x"));
    const std::string refused =
        R"({"error_description":"Invalid credentials provided.","error":"invalid_client"})";
    const std::vector<Row> rows{
        {form("/api/oauth/token", "grant_type=client_credentials", "wrong"), 401, refused},
        {form("/api/oauth/revoke", "token=x", "wrong"), 401, refused},
        {no_header, 401, refused},
        {encoded, 401, refused},
        {not_a_form, 400,
         R"({"error_description":"The body must be form-urlencoded.","error":"invalid_request"})"},
        {form("/api/oauth/token", ""), 400,
         R"({"error_description":"grant_type is missing.","error":"invalid_request"})"},
        {form("/api/oauth/token", "grant_type=password"), 400,
         R"({"error_description":"Only client_credentials is supported.",)"
         R"("error":"unsupported_grant_type"})"},
    };
    for (const Row& row : rows) {
      CAPTURE(row.body);
      const auto answer = service.answer(row.request);
      CHECK(answer.status == row.status);
      CHECK(answer.body == row.body);
    }
    CHECK(service.answer(request("GET", "/api/oauth/token")).status == 405);
  }

  TEST_CASE_FIXTURE(Office, "a token ends when its time is over") {
    const std::string good = token();
    clock.advance(1h - 1ms);
    CHECK(get(kKeyPath, good).status == 200);
    clock.advance(1ms);
    const auto refused = get(kKeyPath, good);
    CHECK(refused.status == 401);
    CHECK(header_of(refused, "RateLimit-Limit").empty());
    CHECK(get(kKeyPath, "never.issued.token").status == 401);
  }

  TEST_CASE_FIXTURE(Office, "a revoked token is refused, and revoking again is no error") {
    const std::string good = token();
    for (int i = 0; i < 2; ++i) {
      const auto answer = service.answer(
          form("/api/oauth/revoke", "token=" + good + "&token_type_hint=access_token"));
      CHECK(answer.status == 200);
      CHECK(answer.body.empty());
    }
    CHECK(get(kKeyPath, good).status == 401);
  }

  TEST_CASE_FIXTURE(Office, "fifty requests a minute and no more") {
    for (int i = 0; i < 50; ++i) REQUIRE(grant().status == 200);
    const auto refused = grant();
    CHECK(refused.status == 429);
    CHECK(refused.body ==
          R"({"detail":"Resource /api/oauth/token is limited to 50 requests every 1 minutes.",)"
          R"("error":429,"errorCode":"RATE_LIMITED","parameters":["/api/oauth/token",50,1],)"
          R"("reason":"Too Many Requests"})");
    clock.advance(60s);
    CHECK(grant().status == 200);
  }

  TEST_CASE_FIXTURE(Office, "past a hundred active tokens there are no more") {
    for (int i = 0; i < 100; ++i) {
      REQUIRE(grant().status == 200);
      clock.advance(2s);
    }
    const auto refused = grant();
    CHECK(refused.status == 403);
    CHECK(json::parse(refused.body)["error"] == "access_denied");
    clock.advance(1h - 200s);  // the first one expires
    CHECK(grant().status == 200);
    CHECK(grant().status == 403);
  }
}
