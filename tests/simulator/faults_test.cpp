#include "simulator/faults.h"

#include <chrono>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "simulator/small_world.h"

using namespace aka::simulator;
using namespace aka::simulator::test;
using nlohmann::json;
using Wire = aka::web::Response::Wire;

namespace {

const std::string kPath = "/api/atlas/v1.0/orgs/" + kOrg + "/apiKeys";
const std::string kOne = kPath + "/" + kKey;

struct Faulty {
  StillClock clock;
  Service service{fixture(), {}, clock};
  Client reader{service, "readerpk"};

  void set(const std::string& fault) {
    const auto answer = service.answer(request("POST", "/sim/faults", fault));
    REQUIRE_MESSAGE(answer.status == 201, answer.body);
  }
  void clear() { service.answer(request("DELETE", "/sim/faults")); }
};

}  // namespace

TEST_SUITE("simulated faults") {
  TEST_CASE_FIXTURE(Faulty, "an answer is what the fault says it is") {
    struct Row {
      std::string fault;
      int status;
      std::string content_type, body, header, value;
    };
    const std::string denied =
        R"({"detail":"IP address 127.0.0.1 is not allowed to access this resource.","error":403,)"
        R"("errorCode":"IP_ADDRESS_NOT_ON_ACCESS_LIST","parameters":["127.0.0.1"],)"
        R"("reason":"Forbidden"})";
    const std::string throttled =
        R"({"detail":"Rate limit exceeded for api/atlas/v2/orgs. Please retry after 7 seconds.",)"
        R"("error":429,"errorCode":"RATE_LIMITED_TOKEN_BUCKET",)"
        R"("parameters":["api/atlas/v2/orgs",7,10,5,60],"reason":"Too Many Requests"})";
    const std::vector<Row> rows{
        {R"({"effect":"answer","code":"IP_ADDRESS_NOT_ON_ACCESS_LIST"})", 403, "application/json",
         denied, "X-Error-Code", "IP_ADDRESS_NOT_ON_ACCESS_LIST"},
        {R"({"effect":"answer","code":"UNEXPECTED_ERROR","status":401})", 401, "application/json",
         R"({"detail":"Unexpected error.","error":401,"errorCode":"UNEXPECTED_ERROR",)"
         R"("parameters":[],"reason":"Unauthorized"})",
         "X-Error-Code", "UNEXPECTED_ERROR"},
        {R"({"effect":"answer","status":302,"headers":{"Location":"http://evil.example/"}})", 302,
         "application/json", "", "Location", "http://evil.example/"},
        {R"({"effect":"answer","status":200,"body":"","contentType":"text/plain"})", 200,
         "text/plain", "", "", ""},
        {R"({"effect":"answer","status":500,"body":{"error":500,"parameters":null}})", 500,
         "application/json", R"({"error":500,"parameters":null})", "", ""},
        {R"({"effect":"answer","status":404,"code":"X","body":"text"})", 404, "application/json",
         "text", "", ""},
        {R"({"effect":"throttle","retryAfter":7})", 429, "application/json", throttled,
         "Retry-After", "7"},
    };
    for (const Row& row : rows) {
      CAPTURE(row.fault);
      clear();
      set(row.fault);
      const auto answer = reader.get(kOne);
      CHECK(answer.status == row.status);
      CHECK(answer.content_type == row.content_type);
      CHECK(answer.body == row.body);
      CHECK(header_of(answer, row.header) == row.value);
      CHECK(header_of(answer, "RateLimit-Limit").empty());
    }
  }

  TEST_CASE_FIXTURE(Faulty, "a throttle may leave out how long to wait") {
    set(R"({"effect":"throttle"})");
    const auto answer = reader.get(kOne);
    CHECK(answer.status == 429);
    CHECK(header_of(answer, "Retry-After").empty());
  }

  TEST_CASE_FIXTURE(Faulty, "an outage is an HTML page") {
    set(R"({"effect":"html503"})");
    const auto answer = reader.get(kOne);
    CHECK(answer.status == 503);
    CHECK(answer.content_type.starts_with("text/html"));
    CHECK(answer.body.find("MongoDB Cloud Manager Unavailable") != std::string::npos);
  }

  TEST_CASE_FIXTURE(Faulty, "a fault strikes what it matches and nothing else") {
    struct Row {
      std::string match;
      std::vector<std::string> struck;  ///< of the targets below
    };
    const std::string other = kPath + "/" + kReader;
    const std::string root = "/api/atlas/v1.0";
    const std::vector<std::string> targets{kOne, other, kPath, root};
    const std::vector<Row> rows{
        {"", targets},
        {R"(,"key":"64aa11bb22cc33dd44ee55f1")", {kOne}},
        {R"(,"key":"64AA11BB22CC33DD44EE55F1")", {kOne}},
        {R"(,"org":"5f1a2b3c4d5e6f7a8b9c0d1e")", {kOne, other, kPath}},
        {R"(,"org":"5f1a2b3c4d5e6f7a8b9c0d9e")", {}},
        {R"(,"path":")" + kPath + "/\"", {kOne, other}},
        {R"(,"share":0)", {}},
        {R"(,"share":1)", targets},
        {R"(,"count":2)", {kOne, other}},
    };
    for (const Row& row : rows) {
      CAPTURE(row.match);
      clear();
      set(R"({"effect":"answer","status":418)" + row.match + "}");
      std::vector<std::string> struck;
      for (const auto& target : targets) {
        if (reader.get(target).status == 418) struck.push_back(target);
      }
      CHECK(struck == row.struck);
    }
  }

  TEST_CASE_FIXTURE(Faulty, "a share of requests is about that share") {
    set(R"({"effect":"answer","status":418,"share":0.25})");
    int struck = 0;
    for (int i = 0; i < 2000; ++i) {
      if (reader.get("/api/atlas/v1.0").status == 418) ++struck;
    }
    CHECK(struck > 400);
    CHECK(struck < 600);
  }

  TEST_CASE_FIXTURE(Faulty,
                    "the first fault that strikes, strikes alone, and a spent one no more") {
    set(R"([{"effect":"answer","status":410,"count":1},{"effect":"answer","status":418}])");
    CHECK(reader.get(kOne).status == 410);
    CHECK(reader.get(kOne).status == 418);
    const json listed = json::parse(service.answer(request("GET", "/sim/faults")).body)["data"];
    CHECK(listed[0]["hits"] == 1);
    CHECK(listed[1]["hits"] == 1);
    CHECK(listed[1]["fault"]["status"] == 418);
  }

  TEST_CASE_FIXTURE(Faulty, "a fault waits for authentication unless it says otherwise") {
    set(R"({"effect":"answer","status":418})");
    CHECK(service.answer(request("GET", kOne)).status == 401);
    clear();
    set(R"({"effect":"answer","status":418,"stage":"arrival"})");
    CHECK(service.answer(request("GET", kOne)).status == 418);
  }

  TEST_CASE_FIXTURE(Faulty, "the token endpoint is struck by its path only") {
    const auto asked = request("GET", "/api/oauth/token");
    set(R"({"effect":"answer","status":418})");
    CHECK(service.answer(asked).status == 405);
    clear();
    set(R"({"effect":"answer","status":418,"path":"/api/oauth/"})");
    CHECK(service.answer(asked).status == 418);
  }

  TEST_CASE_FIXTURE(Faulty, "a patch changes good answers only") {
    set(R"({"effect":"patch","patch":{"id":"64aa11bb22cc33dd44ee5500","roles":null}})");
    const json changed = json::parse(reader.get(kOne).body);
    CHECK(changed["id"] == "64aa11bb22cc33dd44ee5500");
    CHECK_FALSE(changed.contains("roles"));
    CHECK(changed["publicKey"] == "abcdwxyz");
    const json error = json::parse(reader.get(kPath + "/64aa11bb22cc33dd44ee5500").body);
    CHECK_FALSE(error.contains("id"));
  }

  TEST_CASE_FIXTURE(Faulty, "an exposed private key has no stars") {
    set(R"({"effect":"exposePrivateKey"})");
    CHECK(json::parse(reader.get(kOne).body)["privateKey"] ==
          "3d9f1c52-7b04-4e6a-9a1d-33dd44ee55f1");
    CHECK(reader.get(kPath).body.find("****") == std::string::npos);
  }

  TEST_CASE_FIXTURE(Faulty, "headers are added to a good answer too") {
    set(R"({"effect":"delay","delay":"0s","headers":{"Sunset":"Thu, 1 Jul 2027 00:00:00 GMT"}})");
    const auto answer = reader.get(kOne);
    CHECK(answer.status == 200);
    CHECK(header_of(answer, "Sunset") == "Thu, 1 Jul 2027 00:00:00 GMT");
  }

  TEST_CASE_FIXTURE(Faulty, "effects on the wire") {
    const std::size_t whole = reader.get(kOne).body.size();

    SUBCASE("reset") {
      set(R"({"effect":"reset"})");
      CHECK(reader.get(kOne).wire == Wire::reset);
      const json counted = json::parse(service.answer(request("GET", "/sim/stats")).body)["data"];
      CHECK(counted["byStatus"]["0"] == 1);
      CHECK(counted["faultsHit"] == 1);
    }
    SUBCASE("a truncated body is announced whole") {
      set(R"({"effect":"truncate"})");
      const auto answer = reader.get(kOne);
      CHECK(answer.length == whole);
      CHECK(generated(answer).size() == whole / 2);
    }
    SUBCASE("truncated after so many bytes") {
      set(R"({"effect":"truncate","bytes":7})");
      const auto answer = reader.get(kOne);
      CHECK(answer.length == whole);
      CHECK(generated(answer).size() == 7);
    }
    SUBCASE("truncated where nothing is left to cut") {
      set(R"({"effect":"truncate","bytes":100000})");
      const auto answer = reader.get(kOne);
      CHECK(generated(answer).size() == whole);
      CHECK(answer.length > whole);
    }
    SUBCASE("garbage") {
      set(R"({"effect":"garbage","bytes":11})");
      const auto answer = reader.get(kOne);
      CHECK(answer.wire == Wire::raw);
      CHECK(answer.body.size() == 11);
    }
    SUBCASE("a slow body is the body") {
      set(R"({"effect":"slowBody","pause":"0s"})");
      const auto answer = reader.get(kOne);
      CHECK(answer.length == whole);
      CHECK(json::parse(generated(answer))["id"] == kKey);
    }
    SUBCASE("slow headers are the answer as it would be written") {
      set(R"({"effect":"slowHeaders","pause":"0s"})");
      const auto answer = reader.get(kOne);
      CHECK(answer.wire == Wire::raw);
      const std::string text = generated(answer);
      CHECK(text.starts_with("HTTP/1.1 200 OK\r\n"));
      CHECK(text.find("\r\nRateLimit-Limit: 100\r\n") != std::string::npos);
      CHECK(json::parse(text.substr(text.find("\r\n\r\n") + 4))["id"] == kKey);
      CHECK(generated(answer, 9).size() == 9);
    }
    SUBCASE("a huge body") {
      set(R"({"effect":"hugeBody","bytes":1000000})");
      const auto answer = reader.get(kOne);
      CHECK(answer.length == 1'000'000);
      CHECK(generated(answer).size() == 1'000'000);
      CHECK(generated(answer, 1).size() < 100'000);
    }
    SUBCASE("headers without end") {
      set(R"({"effect":"manyHeaders","bytes":200000})");
      const auto answer = reader.get(kOne);
      CHECK(answer.wire == Wire::raw);
      CHECK(generated(answer).size() == 200'000);
    }
  }

  TEST_CASE_FIXTURE(Faulty, "a stop ends every wait") {
    set(R"([{"effect":"delay","delay":"1h","count":1},{"effect":"slowBody","pause":"1h"}])");
    service.stop();
    CHECK(reader.get(kOne).status == 200);
    CHECK(generated(reader.get(kOne)).size() == 1);
  }

  TEST_CASE_FIXTURE(Faulty, "the listener is told of idle and mute connections") {
    std::vector<std::optional<aka::base::Duration>> told;
    service.watch_idle_close(
        [&](std::optional<aka::base::Duration> after) { told.push_back(after); });
    CHECK_FALSE(service.holds_next_connection());
    set(R"([{"effect":"idleClose","after":"2s"},{"effect":"muteHandshake","count":1}])");
    CHECK(service.holds_next_connection());
    CHECK_FALSE(service.holds_next_connection());
    CHECK(reader.get(kOne).status == 200);
    clear();
    CHECK(told == std::vector<std::optional<aka::base::Duration>>{
                      std::nullopt, std::chrono::seconds(2), std::nullopt});
  }
}
