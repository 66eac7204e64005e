#include "simulator/service.h"

#include <chrono>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "simulator/small_world.h"

using namespace aka::simulator;
using namespace aka::simulator::test;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

const std::string kPath = "/api/atlas/v1.0/orgs/" + kOrg + "/apiKeys/";

struct Running {
  StillClock clock;
  Service service{fixture(), {}, clock};
  Client reader{service, "readerpk"};

  json key(const std::string& id) { return json::parse(reader.get(kPath + id).body); }
  aka::web::Response post_key(const std::string& id, const std::string& patch) {
    return service.answer(request("POST", "/sim/keys/" + kOrg + "/" + id, patch));
  }
  json stats() { return json::parse(service.answer(request("GET", "/sim/stats")).body)["data"]; }
};

}  // namespace

TEST_SUITE("simulated service") {
  TEST_CASE_FIXTURE(Running, "without credentials every API path is the same 401") {
    const std::string pretty =
        "{\n  \"error\" : 401,\n  \"reason\" : \"Unauthorized\",\n  \"detail\" : \"You are not "
        "authorized for this resource.\",\n  \"errorCode\" : \"UNEXPECTED_ERROR\"\n}";
    for (const auto& target :
         {kPath + kKey, std::string("/api/atlas/v2/nothing"), std::string("/api/public/v1.0"),
          std::string("/api/atlas/v1.0/orgs/x/apiKeys/y")}) {
      CAPTURE(target);
      const auto answer = service.answer(request("GET", target));
      CHECK(answer.status == 401);
      CHECK(answer.content_type == "application/json");
      CHECK(answer.body == pretty);
      CHECK(answer.headers.size() == 1);
      CHECK(header_of(answer, "WWW-Authenticate").ends_with("stale=false"));
    }
  }

  TEST_CASE_FIXTURE(Running, "bad credentials look like no credentials") {
    struct Row {
      std::string name, header;
    };
    const auto asked = request("GET", kPath + kKey);
    const std::string challenge = header_of(service.answer(asked), "WWW-Authenticate");
    const std::vector<Row> rows{
        {"wrong secret", authorization(challenge, asked, "readerpk", "wrong")},
        {"unknown key", authorization(challenge, asked, "nobodyyy", "reader-secret")},
        {"a key without a secret", authorization(challenge, asked, "abcdwxyz", "")},
        {"unreadable", "Digest ???"},
        {"another scheme", "Basic cmVhZGVycGs6cmVhZGVyLXNlY3JldA=="},
        {"a token that was never issued", "Bearer x.y.z"},
    };
    for (const Row& row : rows) {
      CAPTURE(row.name);
      auto repeated = asked;
      repeated.headers.emplace("Authorization", row.header);
      const auto answer = service.answer(repeated);
      CHECK(answer.status == 401);
      CHECK(header_of(answer, "WWW-Authenticate").ends_with("stale=false"));
      CHECK(header_of(answer, "X-Error-Code").empty());
    }
  }

  TEST_CASE_FIXTURE(Running, "a nonce serves with rising counts until it is stale") {
    const auto asked = request("GET", kPath + kKey);
    const std::string challenge = header_of(service.answer(asked), "WWW-Authenticate");
    const auto with_count = [&](const std::string& nc) {
      auto repeated = asked;
      repeated.headers.emplace("Authorization",
                               authorization(challenge, asked, "readerpk", "reader-secret", nc));
      return service.answer(repeated);
    };
    CHECK(with_count("00000001").status == 200);
    CHECK(with_count("00000002").status == 200);
    CHECK(with_count("00000002").status == 401);
    clock.advance(60s);
    const auto stale = with_count("00000003");
    CHECK(stale.status == 401);
    CHECK(header_of(stale, "WWW-Authenticate").ends_with("stale=true"));
    CHECK(stats()["staleChallenges"] == 1);
  }

  TEST_CASE_FIXTURE(Running, "a patch changes what it names") {
    struct Row {
      std::string patch, expected;
    };
    const std::vector<Row> rows{
        {R"({"desc":"new"})", R"({"desc":"new","roles":3})"},
        {R"({"roles":["GROUP_OWNER@payments","ORG_OWNER"]})", R"({"desc":"new","roles":2})"},
        {R"({"roles":["ORG_OWNER"]})", R"({"desc":"new","roles":1})"},
        {R"({"desc":null})", R"({"roles":1})"},
        {R"({"roles":[]})", R"({"roles":0})"},
        {R"({"roles":null})", R"({})"},
        {R"({})", R"({})"},
    };
    for (const Row& row : rows) {
      CAPTURE(row.patch);
      const auto answer = post_key(kKey, row.patch);
      CHECK(answer.status == 200);
      const json now = key(kKey);
      json shown = json::object();
      if (now.contains("desc")) shown["desc"] = now["desc"];
      if (now.contains("roles")) shown["roles"] = now["roles"].size();
      CHECK(shown.dump() == row.expected);
    }
  }

  TEST_CASE_FIXTURE(Running, "a key can be made, found, and deleted") {
    const std::string id = "64aa11bb22cc33dd44ee5599";
    CHECK(post_key(id, R"({"desc":"fresh","publicKey":"freshkey"})").status == 201);
    CHECK(key(id)["desc"] == "fresh");
    CHECK(key(id)["roles"] == json::array());
    CHECK(json::parse(reader.get("/api/atlas/v1.0/orgs/" + kOrg + "/apiKeys").body)["totalCount"] ==
          7);
    const std::string target = "/sim/keys/" + kOrg + "/" + id;
    CHECK(service.answer(request("DELETE", target)).status == 200);
    CHECK(service.answer(request("DELETE", target)).status == 404);
    CHECK(reader.get(kPath + id).status == 400);
    CHECK(post_key(id, "").status == 201);
    CHECK(key(id)["publicKey"].get<std::string>().size() == 8);
  }

  TEST_CASE_FIXTURE(Running, "deleting a key leaves its neighbours where they are") {
    CHECK(service.answer(request("DELETE", "/sim/keys/" + kOrg + "/" + kBareKey)).status == 200);
    for (const auto& id : {kKey, kReader, kOwner, kOutsider, kFarAway}) CHECK(key(id)["id"] == id);
  }

  TEST_CASE_FIXTURE(Running, "a credential that changes, changes at once") {
    CHECK(post_key(kReader, R"({"publicKey":"changedx"})").status == 200);
    CHECK(reader.get(kPath + kKey).status == 401);
    CHECK(post_key(kReader, R"({"publicKey":"readerpk"})").status == 200);
    CHECK(reader.get(kPath + kKey).status == 200);
    CHECK(service.answer(request("DELETE", "/sim/keys/" + kOrg + "/" + kReader)).status == 200);
    CHECK(reader.get(kPath + kKey).status == 401);
  }

  TEST_CASE_FIXTURE(Running, "a control request that cannot be meant is refused") {
    struct Row {
      std::string method, target, body;
      int status;
      std::string error;
    };
    const std::string keys = "/sim/keys/" + kOrg + "/";
    const std::vector<Row> rows{
        {"POST", "/sim/keys/x/" + kKey, "{}", 404, "there is no organization x"},
        {"POST", keys + "x", "{}", 400, "a key's id must be 24 hex digits, not x"},
        {"POST", keys + kKey, R"({"description":"x"})", 400,
         "patch#: the patch has no setting 'description'; it knows accessList, desc, privateKey, "
         "publicKey, roles"},
        {"POST", keys + kKey, "null", 400, "patch#: the patch must be an object, not null"},
        {"POST", keys + kKey, R"({"publicKey":"ownerpky"})", 409,
         "the public key ownerpky belongs to another key"},
        {"DELETE", keys + "64aa11bb22cc33dd44ee5500", "", 404,
         "there is no key 64aa11bb22cc33dd44ee5500"},
        {"POST", "/sim/faults", R"({"effect":"explode"})", 400,
         "faults#: there is no effect 'explode'; the effects are answer, html503, throttle, "
         "reset, truncate, garbage, slowBody, slowHeaders, delay, patch, exposePrivateKey, "
         "hugeBody, manyHeaders, idleClose, muteHandshake"},
        {"POST", "/sim/faults", R"([{"effect":"reset","share":2}])", 400,
         "faults#/0: 'share' of the fault must be a number from 0 to 1"},
        {"POST", "/sim/faults", R"({"effect":"reset","key":"abcdwxyz"})", 400,
         "faults#: 'key' of the fault must be 24 hex digits, not 'abcdwxyz'"},
        {"POST", "/sim/faults", R"({"effect":"idleClose"})", 400,
         "faults#: the fault needs 'after': how long a connection may be idle"},
    };
    for (const Row& row : rows) {
      CAPTURE(row.target);
      CAPTURE(row.body);
      const auto answer = service.answer(request(row.method, row.target, row.body));
      CHECK(answer.status == row.status);
      const json body = json::parse(answer.body);
      CHECK(body["status"] == "error");
      CHECK(body["error"] == row.error);
    }
  }

  TEST_CASE_FIXTURE(Running, "requests are counted by status, route and organization") {
    reader.get(kPath + kKey);
    reader.get(kPath + "64aa11bb22cc33dd44ee5500");
    reader.get("/api/atlas/v1.0/orgs/" + kForeignOrg + "/apiKeys");
    service.answer(request("GET", "/sim/faults"));
    const json counted = stats();
    CHECK(counted["byStatus"] == json::parse(R"({"200":1,"400":1,"401":4})"));
    CHECK(counted["byRoute"] == json::parse(R"({"get_key":4,"list_keys":2})"));
    CHECK(counted["requests"] == 6);
    CHECK(counted["challenges"] == 3);
    CHECK(counted["organizations"][kOrg] == json::parse(R"({"200":1,"400":1,"401":2})"));
    CHECK(counted["organizations"][kForeignOrg] == json::parse(R"({"401":2})"));
    CHECK(counted["organizations"][kCloudManagerOrg] == json::object());
  }

  TEST_CASE("qop and algorithm are as the options say") {
    StillClock clock;
    ServiceOptions options;
    options.digest.algorithm = HashAlgorithm::sha256;
    options.digest.qop = DigestQop::none;
    Service service(fixture(), options, clock);
    CHECK(Client(service, "readerpk").get(kPath + kKey).status == 200);
  }
}
