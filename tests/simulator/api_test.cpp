#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "simulator/atlas_api.h"
#include "simulator/small_world.h"

using namespace aka::simulator;
using namespace aka::simulator::test;
using nlohmann::json;

namespace {

const std::string kV1 = "/api/atlas/v1.0/orgs/" + kOrg + "/apiKeys";
const std::string kV2 = "/api/atlas/v2/orgs/" + kOrg + "/apiKeys";

struct Fixed {
  StillClock clock;
  Service service{fixture(), {}, clock};
  Client reader{service, "readerpk"};
  Client owner{service, "ownerpky"};
};

std::set<std::string> role_set(const json& roles) {
  std::set<std::string> result;
  for (const json& role : roles) result.insert(role.dump());
  return result;
}

}  // namespace

TEST_SUITE("simulated API") {
  TEST_CASE_FIXTURE(Fixed, "a key is answered as the service answers it") {
    const auto answer = reader.get(kV2 + "/" + kKey);
    CHECK(answer.status == 200);
    CHECK(answer.content_type == "application/vnd.atlas.2023-01-01+json;charset=utf-8");
    const std::string head =
        R"({"desc":"ci \"deployer\"","id":"64aa11bb22cc33dd44ee55f1","links":[{"href":)"
        R"("http://sim.example:9975/api/atlas/v2/orgs/5f1a2b3c4d5e6f7a8b9c0d1e/apiKeys/)"
        R"(64aa11bb22cc33dd44ee55f1","rel":"self"}],"privateKey":"********-****-****-)"
        R"(33dd44ee55f1","publicKey":"abcdwxyz","roles":[)";
    CHECK(answer.body.substr(0, head.size()) == head);
    const auto roles = role_set(json::parse(answer.body)["roles"]);
    CHECK(roles == std::set<std::string>{
                       R"({"groupId":"5f1a2b3c4d5e6f7a8b9c0d2f","roleName":"GROUP_BRAND_NEW"})",
                       R"({"groupId":"5f1a2b3c4d5e6f7a8b9c0d2f","roleName":"GROUP_OWNER"})",
                       R"({"orgId":"5f1a2b3c4d5e6f7a8b9c0d1e","roleName":"ORG_MEMBER"})"});
  }

  TEST_CASE_FIXTURE(Fixed, "what a key does not have is left out of its answer") {
    const json key = json::parse(reader.get(kV1 + "/" + kBareKey).body);
    CHECK_FALSE(key.contains("desc"));
    CHECK_FALSE(key.contains("roles"));
  }

  TEST_CASE_FIXTURE(Fixed, "the redacted private key ends as the real one does") {
    const json key = json::parse(reader.get(kV1 + "/" + kReader).body);
    CHECK(key["privateKey"] == "********-****-****-eader-secret");
  }

  TEST_CASE_FIXTURE(Fixed, "roles come in every order, and always all of them") {
    std::set<std::string> orders;
    std::set<std::set<std::string>> sets;
    for (int i = 0; i < 60; ++i) {
      const json roles = json::parse(reader.get(kV1 + "/" + kKey).body)["roles"];
      orders.insert(roles.dump());
      sets.insert(role_set(roles));
    }
    CHECK(orders.size() == 6);
    CHECK(sets.size() == 1);
  }

  TEST_CASE_FIXTURE(Fixed, "each request meets the error that the service has for it") {
    struct Row {
      std::string caller, target;
      int status;
      std::string code, parameters;
      bool limited;  ///< has RateLimit headers
    };
    const std::string gone = "64aa11bb22cc33dd44ee5500";
    const std::string key = "/" + kKey;
    const std::vector<Row> rows{
        {"readerpk", kV1 + "/" + gone, 400, "API_KEY_NOT_FOUND", "[\"" + gone + "\"]", true},
        {"readerpk", kV2 + "/" + gone, 400, "API_KEY_NOT_FOUND", "[\"" + gone + "\"]", true},
        {"readerpk", kV1 + "/" + gone + "/accessList", 400, "API_KEY_NOT_FOUND",
         "[\"" + gone + "\"]", true},
        {"readerpk", kV1 + "/abcdwxyz", 400, "PATH_PARAM_PARSE_ERROR", "[\"abcdwxyz\"]", false},
        {"readerpk", kV1 + "/64AA11BB22CC33DD44EE55F1", 400, "PATH_PARAM_PARSE_ERROR",
         "[\"64AA11BB22CC33DD44EE55F1\"]", false},
        {"readerpk", "/api/atlas/v1.0/orgs/prod/apiKeys", 400, "PATH_PARAM_PARSE_ERROR",
         "[\"prod\"]", false},
        {"readerpk", "/api/atlas/v1.0/orgs/" + gone + "/apiKeys" + key, 404, "ORG_NOT_FOUND",
         "[\"" + gone + "\"]", false},
        {"readerpk", "/api/atlas/v1.0/orgs/" + kForeignOrg + "/apiKeys" + key, 401,
         "USER_CANNOT_ACCESS_ORG", "[\"" + kForeignOrg + "\"]", false},
        {"readerpk", "/api/public/v1.0/orgs/" + kOrg + "/apiKeys" + key, 404, "NOT_ATLAS_ORG",
         "[\"" + kOrg + "\"]", false},
        {"cmreader", "/api/atlas/v1.0/orgs/" + kCloudManagerOrg + "/apiKeys", 404, "NOT_ATLAS_ORG",
         "[\"" + kCloudManagerOrg + "\"]", false},
        {"outsider", kV1 + key, 401, "USER_UNAUTHORIZED", "[]", true},
        {"farawayk", kV1 + key, 403, "IP_ADDRESS_NOT_ON_ACCESS_LIST", "[\"127.0.0.1\"]", false},
        {"readerpk", kV1 + key + "/accessList", 401, "API_KEY_ACCESS_LIST_ACCESS_DENIED",
         "[\"" + kKey + "\"]", true},
        {"readerpk", kV1 + "?pageNum=0", 400, "INVALID_QUERY_PARAMETER", "[\"pageNum\"]", true},
        {"readerpk", kV1 + "?itemsPerPage=501", 400, "INVALID_QUERY_PARAMETER",
         "[\"itemsPerPage\"]", true},
        {"readerpk", kV1 + "?itemsPerPage=ten", 400, "INVALID_QUERY_PARAMETER",
         "[\"itemsPerPage\"]", true},
        {"readerpk", "/api/atlas/v1.0/groups", 404, "RESOURCE_NOT_FOUND",
         "[\"/api/atlas/v1.0/groups\"]", false},
        {"readerpk", kV1 + key + "/accessList/more", 404, "RESOURCE_NOT_FOUND",
         "[\"" + kV1 + key + "/accessList/more\"]", false},
    };
    for (const Row& row : rows) {
      CAPTURE(row.target);
      Client client(service, row.caller);
      const auto answer = client.get(row.target);
      CHECK(answer.status == row.status);
      CHECK(answer.content_type == "application/json");
      CHECK(header_of(answer, "X-Error-Code") == row.code);
      CHECK(header_of(answer, "RateLimit-Limit").empty() == !row.limited);
      CHECK(header_of(answer, "RateLimit-Remaining").empty() == !row.limited);
      const json body = json::parse(answer.body);
      CHECK(body["error"] == row.status);
      CHECK(body["errorCode"] == row.code);
      CHECK(body["parameters"].dump() == row.parameters);
      CHECK(answer.body.find('\n') == std::string::npos);
    }
  }

  TEST_CASE_FIXTURE(Fixed, "the key that is gone is described in the service's own words") {
    CHECK(reader.get(kV1 + "/64aa11bb22cc33dd44ee5500").body ==
          R"({"detail":"No API key with ID 64aa11bb22cc33dd44ee5500 exists.","error":400,)"
          R"("errorCode":"API_KEY_NOT_FOUND","parameters":["64aa11bb22cc33dd44ee5500"],)"
          R"("reason":"Bad Request"})");
  }

  TEST_CASE_FIXTURE(Fixed, "only reading is simulated") {
    const auto answer = reader.ask(request("PATCH", kV1 + "/" + kKey));
    CHECK(answer.status == 405);
  }

  TEST_CASE_FIXTURE(Fixed, "outside the APIs nothing is there and nothing is guarded") {
    CHECK(service.answer(request("GET", "/")).status == 404);
    CHECK(service.answer(request("GET", "/api/atlas/v1.00")).status == 404);
  }

  TEST_CASE("a version is needed, and a later one gets the newest not after it") {
    struct Row {
      std::string accept;
      std::string_view version;
    };
    const std::vector<Row> rows{
        {"application/vnd.atlas.2023-01-01+json", "2023-01-01"},
        {"application/vnd.atlas.2025-03-12+json", "2023-01-01"},
        {"application/json, application/vnd.atlas.2024-08-05+json;q=0.5", "2023-01-01"},
        {"application/vnd.atlas.2022-12-31+json, application/vnd.atlas.2023-02-01+json",
         "2023-01-01"},
        {"application/vnd.atlas.2022-12-31+json", ""},
        {"application/vnd.atlas.2023-1-1+json", ""},
        {"application/vnd.atlas.2023-01-01+csv", ""},
        {"application/vnd.atlas.preview+json", ""},
        {"application/json", ""},
        {"*/*", ""},
        {"", ""},
    };
    for (const Row& row : rows) {
      CAPTURE(row.accept);
      CHECK(negotiated_version(row.accept, "2023-01-01") == row.version);
    }
  }

  TEST_CASE_FIXTURE(Fixed, "v2 without a version is 406, and v1.0 does not care") {
    auto asked = request("GET", kV2 + "/" + kKey);
    asked.headers.erase("Accept");
    asked.headers.emplace("Accept", "application/json");
    CHECK(reader.ask(asked).status == 406);
    asked.target = asked.path = kV1 + "/" + kKey;
    const auto answer = reader.ask(asked);
    CHECK(answer.status == 200);
    CHECK(answer.content_type == "application/json");
  }

  TEST_CASE_FIXTURE(Fixed, "a listing is paged and links its neighbours") {
    struct Row {
      std::string query;
      std::vector<std::string> ids;
      std::vector<std::string> links;
      bool counted;
    };
    const std::vector<std::string> all{kKey, kBareKey, kReader, kOwner, kOutsider, kFarAway};
    const std::vector<Row> rows{
        {"", all, {"self"}, true},
        {"?itemsPerPage=4", {all.begin(), all.begin() + 4}, {"self", "next"}, true},
        {"?itemsPerPage=2&pageNum=2", {kReader, kOwner}, {"self", "previous", "next"}, true},
        {"?itemsPerPage=2&pageNum=3", {kOutsider, kFarAway}, {"self", "previous"}, true},
        {"?itemsPerPage=500&pageNum=9&includeCount=false", {}, {"self", "previous"}, false},
    };
    for (const Row& row : rows) {
      CAPTURE(row.query);
      const auto answer = reader.get(kV1 + row.query);
      CHECK(answer.status == 200);
      const json body = json::parse(answer.body);
      std::vector<std::string> ids, links;
      for (const json& key : body["results"]) ids.push_back(key["id"]);
      for (const json& link : body["links"]) links.push_back(link["rel"]);
      CHECK(ids == row.ids);
      CHECK(links == row.links);
      CHECK(body.contains("totalCount") == row.counted);
      if (row.counted) CHECK(body["totalCount"] == 6);
    }
  }

  TEST_CASE_FIXTURE(Fixed, "following the next link leads through all keys once") {
    std::string target = kV1 + "?itemsPerPage=4";
    std::vector<std::string> ids;
    while (!target.empty()) {
      const json body = json::parse(reader.get(target).body);
      for (const json& key : body["results"]) ids.push_back(key["id"]);
      target.clear();
      for (const json& link : body["links"]) {
        const std::string href = link["href"];
        if (link["rel"] == "next")
          target = href.substr(std::string("http://sim.example:9975").size());
      }
    }
    CHECK(ids == std::vector<std::string>{kKey, kBareKey, kReader, kOwner, kOutsider, kFarAway});
  }

  TEST_CASE_FIXTURE(Fixed, "an access list shows unused entries with a count of 0") {
    const auto answer = owner.get(kV1 + "/" + kKey + "/accessList");
    CHECK(answer.status == 200);
    const json body = json::parse(answer.body);
    REQUIRE(body["results"].size() == 2);
    const json& unused = body["results"][0];
    CHECK(unused["ipAddress"] == "10.1.2.3");
    CHECK(unused["cidrBlock"] == "10.1.2.3/32");
    CHECK(unused["count"] == 0);
    CHECK_FALSE(unused.contains("lastUsed"));
    const json& used = body["results"][1];
    CHECK(used["count"] == 7);
    CHECK(used["lastUsedAddress"] == "10.9.9.9");
    CHECK_FALSE(used.contains("ipAddress"));
  }

  TEST_CASE_FIXTURE(Fixed, "a key may read its own access list") {
    CHECK(reader.get(kV1 + "/" + kReader + "/accessList").status == 200);
  }

  TEST_CASE_FIXTURE(Fixed, "the root shows the caller's own key") {
    const json body = json::parse(reader.get("/api/atlas/v2").body);
    CHECK(body["apiKey"]["id"] == kReader);
    CHECK(body["apiKey"]["publicKey"] == "readerpk");
    CHECK(body["apiKey"]["roles"][0]["roleName"] == "ORG_READ_ONLY");
    CHECK(body["apiKey"]["accessList"].size() == 1);
  }

  TEST_CASE_FIXTURE(Fixed, "rate limits are told in their own version") {
    auto asked = request("GET", "/api/atlas/v2/rateLimits?orgId=" + kOrg);
    CHECK(reader.ask(asked).status == 406);
    asked.headers.erase("Accept");
    asked.headers.emplace("Accept", "application/vnd.atlas.2025-03-12+json");
    const json body = json::parse(reader.ask(asked).body);
    CHECK(body["results"][0]["capacity"] == 100);
    CHECK(body["results"][0]["refillRate"] == 60);
  }

  TEST_CASE_FIXTURE(Fixed, "an envelope carries the status inside") {
    const json one = json::parse(reader.get(kV1 + "/" + kKey + "?envelope=true").body);
    CHECK(one["status"] == 200);
    CHECK(one["content"]["id"] == kKey);
    const json list = json::parse(reader.get(kV1 + "?envelope=true").body);
    CHECK(list["status"] == 200);
    CHECK(list["results"].size() == 6);
  }

  TEST_CASE_FIXTURE(Fixed, "pretty changes the white space and nothing else") {
    const auto answer = reader.get(kV1 + "/" + kReader + "?pretty=true");
    CHECK(answer.body.find("\n  \"id\": ") != std::string::npos);
    CHECK(json::parse(answer.body)["id"] == kReader);
  }

  TEST_CASE_FIXTURE(Fixed, "a Cloud Manager organization is below the public path") {
    Client client(service, "cmreader");
    const auto answer = client.get("/api/public/v1.0/orgs/" + kCloudManagerOrg +
                                   "/apiKeys/64aa11bb22cc33dd44ee55c1");
    CHECK(answer.status == 200);
    CHECK(answer.content_type == "application/json");
    CHECK(header_of(answer, "RateLimit-Limit").empty());
  }

  TEST_CASE_FIXTURE(Fixed, "the budget falls by one for each answer and then runs out") {
    for (int remaining = 99; remaining >= 0; --remaining) {
      const auto answer = reader.get(kV2 + "/" + kKey);
      REQUIRE(answer.status == 200);
      CHECK(header_of(answer, "RateLimit-Limit") == "100");
      CHECK(header_of(answer, "RateLimit-Remaining") == std::to_string(remaining));
    }
    const auto refused = reader.get(kV2 + "/" + kKey);
    CHECK(refused.status == 429);
    CHECK(header_of(refused, "Retry-After") == "1");
    CHECK(header_of(refused, "RateLimit-Remaining") == "0");
    const json body = json::parse(refused.body);
    CHECK(body["errorCode"] == "RATE_LIMITED_TOKEN_BUCKET");
    CHECK(body["parameters"].dump() == R"(["api/atlas/v2/orgs",1,100,60,60])");
    clock.advance(std::chrono::seconds(1));
    CHECK(reader.get(kV2 + "/" + kKey).status == 200);
  }
}
