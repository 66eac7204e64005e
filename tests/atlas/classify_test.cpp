// Every row of the table from answer to state and reason, and every error body that the service is
// known to send.
#include "atlas/classify.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "http/message.h"
#include "support/audited.h"

namespace aka::atlas {
namespace {

using model::Failure;
using model::KeyMissing;
using model::KeyRecord;
using model::Reason;
using model::State;

const Asked kAsked{model::OrganizationId::parse(test::kOrganization).value(),
                   model::KeyId::parse(test::kKey).value()};

http::Exchange answer(int status, std::string body, http::HeaderList headers = {}) {
  return http::Answer{status, std::move(headers), std::move(body)};
}

http::Exchange failed(http::Failure failure, int status = 0) {
  return tl::unexpected(http::TransportError{failure, status, "what the transport says"});
}

/// A body as application errors have it.
std::string error_body(int status, const std::string& code, const std::string& parameters = "[]") {
  return R"({"detail":"Something about it.","error":)" + std::to_string(status) +
         R"(,"errorCode":")" + code + R"(","parameters":)" + parameters + R"(,"reason":"Reason"})";
}

const std::string kBareUnauthorized =
    "{\n  \"error\" : 401,\n  \"reason\" : \"Unauthorized\",\n  \"detail\" : \"You are not "
    "authorized for this resource.\"\n}";
const std::string kUnauthorized =
    "{\n  \"error\" : 401,\n  \"reason\" : \"Unauthorized\",\n  \"detail\" : \"You are not "
    "authorized for this resource.\",\n  \"errorCode\" : \"UNEXPECTED_ERROR\"\n}";
const std::string kHtml =
    "<!DOCTYPE html>\n<html><title>MongoDB Cloud Manager Unavailable</title></html>";
const std::string kKeyText =
    R"({"desc":"ci deployer","id":"64aa11bb22cc33dd44ee55f1","publicKey":"abcdwxyz","roles":[]})";
const std::string kOtherKeyText = R"({"id":"64aa11bb22cc33dd44ee55f9","roles":[]})";

struct Row {
  std::string name;
  http::Exchange exchange;
  State state;
  Reason reason;
};

const std::vector<Row>& rows() {
  static const std::vector<Row> all{
      {"404 ORG_NOT_FOUND", answer(404, error_body(404, "ORG_NOT_FOUND")), State::not_found,
       Reason::org_missing},
      {"404 INVALID_ORG_ID", answer(404, error_body(404, "INVALID_ORG_ID")), State::not_found,
       Reason::org_missing},
      {"404 NOT_ATLAS_ORG", answer(404, error_body(404, "NOT_ATLAS_ORG")), State::not_found,
       Reason::org_missing},
      {"404 RESOURCE_NOT_FOUND", answer(404, error_body(404, "RESOURCE_NOT_FOUND")),
       State::not_found, Reason::unknown},
      {"404 GROUP_NOT_FOUND", answer(404, error_body(404, "GROUP_NOT_FOUND")), State::not_found,
       Reason::unknown},
      {"404 EXPECTED_NON_ATLAS_ORG", answer(404, error_body(404, "EXPECTED_NON_ATLAS_ORG")),
       State::not_found, Reason::unknown},
      {"404 UNEXPECTED_ERROR", answer(404, error_body(404, "UNEXPECTED_ERROR")), State::not_found,
       Reason::unknown},
      {"404 without a body", answer(404, ""), State::not_found, Reason::unknown},
      {"404 page", answer(404, kHtml), State::not_found, Reason::unknown},
      {"404 with the code in the header alone",
       answer(404, "", {{"X-Error-Code", "ORG_NOT_FOUND"}}), State::not_found, Reason::org_missing},

      {"401 without code", answer(401, kBareUnauthorized), State::unauthorized,
       Reason::bad_credentials},
      {"401 UNEXPECTED_ERROR", answer(401, kUnauthorized), State::unauthorized,
       Reason::bad_credentials},
      {"401 without a body", answer(401, ""), State::unauthorized, Reason::bad_credentials},
      {"401 with an OAuth error", answer(401, R"({"error":"invalid_token"})"), State::unauthorized,
       Reason::bad_credentials},
      {"401 USER_CANNOT_ACCESS_ORG", answer(401, error_body(401, "USER_CANNOT_ACCESS_ORG")),
       State::forbidden, Reason::wrong_org},
      {"401 USER_CANNOT_ACCESS_GROUP", answer(401, error_body(401, "USER_CANNOT_ACCESS_GROUP")),
       State::forbidden, Reason::wrong_org},
      {"401 USER_UNAUTHORIZED", answer(401, error_body(401, "USER_UNAUTHORIZED")), State::forbidden,
       Reason::role_too_low},
      {"401 NOT_ORG_OWNER", answer(401, error_body(401, "NOT_ORG_OWNER")), State::forbidden,
       Reason::role_too_low},
      {"401 API_KEY_ACCESS_LIST_ACCESS_DENIED",
       answer(401, error_body(401, "API_KEY_ACCESS_LIST_ACCESS_DENIED")), State::forbidden,
       Reason::role_too_low},
      {"401 with the code in the header alone",
       answer(401, "", {{"x-error-code", "USER_UNAUTHORIZED"}}), State::forbidden,
       Reason::role_too_low},

      {"403 IP_ADDRESS_NOT_ON_ACCESS_LIST",
       answer(403, error_body(403, "IP_ADDRESS_NOT_ON_ACCESS_LIST", R"(["192.0.2.1"])")),
       State::forbidden, Reason::ip_not_on_access_list},
      {"403 IP_ADDRESS_NOT_ON_WHITELIST",
       answer(403, error_body(403, "IP_ADDRESS_NOT_ON_WHITELIST")), State::forbidden,
       Reason::ip_not_on_access_list},
      {"403 ORG_REQUIRES_ACCESS_LIST", answer(403, error_body(403, "ORG_REQUIRES_ACCESS_LIST")),
       State::forbidden, Reason::ip_not_on_access_list},
      {"403 RESOURCE_REQUIRES_WHITELIST",
       answer(403, error_body(403, "RESOURCE_REQUIRES_WHITELIST")), State::forbidden,
       Reason::ip_not_on_access_list},
      {"403 ACCESS_FORBIDDEN", answer(403, error_body(403, "ACCESS_FORBIDDEN")), State::forbidden,
       Reason::denied},
      {"403 Forbidden", answer(403, error_body(403, "Forbidden")), State::forbidden,
       Reason::denied},
      {"403 API_KEY_NOT_FOUND is no proof", answer(403, error_body(403, "API_KEY_NOT_FOUND")),
       State::forbidden, Reason::denied},
      {"403 page", answer(403, kHtml), State::forbidden, Reason::denied},
      {"402 ACCOUNT_SUSPENDED", answer(402, error_body(402, "ACCOUNT_SUSPENDED")), State::forbidden,
       Reason::denied},

      {"429 RATE_LIMITED_TOKEN_BUCKET",
       answer(429,
              error_body(429, "RATE_LIMITED_TOKEN_BUCKET", R"(["api/atlas/v2/orgs",55,10,5,60])")),
       State::rate_limited, Reason::throttled},
      {"429 RATE_LIMITED",
       answer(429, error_body(429, "RATE_LIMITED", R"(["/api/oauth/token",50,1])")),
       State::rate_limited, Reason::throttled},
      {"429 without a body", answer(429, ""), State::rate_limited, Reason::throttled},
      {"429 whose body was too large", failed(http::Failure::too_large, 429), State::rate_limited,
       Reason::throttled},

      {"500 UNEXPECTED_ERROR", answer(500, error_body(500, "UNEXPECTED_ERROR", "null")),
       State::error, Reason::http_5xx},
      {"503 SERVICE_UNAVAILABLE", answer(503, error_body(503, "SERVICE_UNAVAILABLE")), State::error,
       Reason::http_5xx},
      {"503 page", answer(503, kHtml), State::error, Reason::http_5xx},
      {"500 API_KEY_NOT_FOUND is no proof", answer(500, error_body(500, "API_KEY_NOT_FOUND")),
       State::error, Reason::http_5xx},
      {"502 cut short", failed(http::Failure::unreadable, 502), State::error, Reason::http_5xx},

      {"301", answer(301, "", {{"Location", "https://elsewhere.example/"}}), State::error,
       Reason::bad_request},
      {"304", answer(304, ""), State::error, Reason::bad_request},
      {"400 PATH_PARAM_PARSE_ERROR", answer(400, error_body(400, "PATH_PARAM_PARSE_ERROR")),
       State::error, Reason::bad_request},
      {"400 INVALID_VERSION_DATE", answer(400, error_body(400, "INVALID_VERSION_DATE")),
       State::error, Reason::bad_request},
      {"400 without code", answer(400, R"({"error":400})"), State::error, Reason::bad_request},
      {"400 cut short says nothing", answer(400, R"({"errorCode":"API_KEY_NOT_FOUND")"),
       State::error, Reason::bad_request},
      {"400 with two codes says nothing",
       answer(400, R"({"errorCode":"API_KEY_NOT_FOUND","errorCode":"OTHER"})"), State::error,
       Reason::bad_request},
      {"400 with a code further down says nothing",
       answer(400, R"({"badRequestDetail":{"errorCode":"API_KEY_NOT_FOUND"}})"), State::error,
       Reason::bad_request},
      {"406", answer(406, ""), State::error, Reason::bad_request},
      {"410 VERSION_GONE", answer(410, error_body(410, "VERSION_GONE")), State::error,
       Reason::bad_request},
      {"418", answer(418, ""), State::error, Reason::bad_request},
      {"407", answer(407, kHtml), State::error, Reason::proxy},

      {"204", answer(204, ""), State::error, Reason::invalid_body},
      {"201 with a key", answer(201, kKeyText), State::error, Reason::invalid_body},
      {"a status that is none", answer(999, ""), State::error, Reason::invalid_body},
      {"200 page", answer(200, kHtml), State::error, Reason::invalid_body},
      {"200 empty", answer(200, ""), State::error, Reason::invalid_body},
      {"200 of another key", answer(200, kOtherKeyText), State::error, Reason::id_mismatch},
      {"200 too large", failed(http::Failure::too_large, 200), State::error, Reason::too_large},
      {"200 cut short", failed(http::Failure::unreadable, 200), State::error, Reason::invalid_body},

      {"timeout", failed(http::Failure::timeout), State::error, Reason::timeout},
      {"connect", failed(http::Failure::connect), State::error, Reason::connect},
      {"dns", failed(http::Failure::dns), State::error, Reason::dns},
      {"tls", failed(http::Failure::tls), State::error, Reason::tls},
      {"proxy", failed(http::Failure::proxy), State::error, Reason::proxy},
      {"headers too large", failed(http::Failure::too_large), State::error, Reason::too_large},
      {"no HTTP", failed(http::Failure::unreadable), State::error, Reason::invalid_body},
      {"request unfit", failed(http::Failure::invalid_request), State::error, Reason::bad_request},

      {"envelope of another key", answer(200, R"({"status":200,"content":)" + kOtherKeyText + "}"),
       State::error, Reason::id_mismatch},
      {"envelope of a refusal",
       answer(200, R"({"status":401,"content":{"errorCode":"USER_UNAUTHORIZED"}})"),
       State::forbidden, Reason::role_too_low},
      {"envelope of an empty success", answer(200, R"({"status":204,"content":{}})"), State::error,
       Reason::invalid_body},
      {"envelope in an envelope",
       answer(200, R"({"status":200,"content":{"status":200,"content":)" + kKeyText + "}}"),
       State::error, Reason::invalid_body},
      {"envelope with a repeated name",
       answer(200, R"({"status":200,"content":{"id":"64aa11bb22cc33dd44ee55f1","roles":[],)"
                   R"("roles":[]}})"),
       State::error, Reason::invalid_body},
  };
  return all;
}

TEST_SUITE("classify") {
  TEST_CASE("each failed answer has the state and the reason of the table, and a sentence") {
    for (const Row& row : rows()) {
      CAPTURE(row.name);
      const model::Answer result = classify(row.exchange, kAsked, "");
      const auto* const failure = std::get_if<Failure>(&result);
      REQUIRE(failure != nullptr);
      CHECK(model::to_string(failure->state) == model::to_string(row.state));
      CHECK(model::to_string(failure->reason) == model::to_string(row.reason));
      CHECK(failure->message.size() > 20);
    }
  }

  TEST_CASE("a key that is gone is missing for sure, as 400 or as 404") {
    const std::string body =
        R"({"detail":"No API key with ID 64aa11bb22cc33dd44ee55f1 exists.","error":400,)"
        R"("errorCode":"API_KEY_NOT_FOUND","parameters":["64aa11bb22cc33dd44ee55f1",1,null],)"
        R"("reason":"Bad Request"})";
    for (const http::Exchange& exchange :
         {answer(400, body), answer(404, body), answer(400, R"({"errorCode":"API_KEY_NOT_FOUND"})"),
          answer(400, error_body(400, "API_KEY_NOT_FOUND", "null")),
          answer(404, "", {{"X-Error-Code", "API_KEY_NOT_FOUND"}}),
          answer(200, R"({"status":400,"content":{"errorCode":"API_KEY_NOT_FOUND"}})"),
          answer(404, R"({"status":404,"content":{"errorCode":"API_KEY_NOT_FOUND"}})")}) {
      CHECK(std::holds_alternative<KeyMissing>(classify(exchange, kAsked, "")));
    }
  }

  TEST_CASE("a readable answer is the record, bare or in an envelope") {
    for (const http::Exchange& exchange :
         {answer(200, kKeyText), answer(200, R"({"content":)" + kKeyText + R"(,"status":200})")}) {
      const model::Answer result = classify(exchange, kAsked, "");
      REQUIRE(std::holds_alternative<KeyRecord>(result));
      CHECK(std::get<KeyRecord>(result) == test::record({}, "ci deployer"));
    }
  }

  TEST_CASE("messages say what to mend") {
    const auto message = [](const http::Exchange& exchange, std::string_view note = "") {
      return std::get<Failure>(classify(exchange, kAsked, note)).message;
    };
    CHECK(message(answer(403, error_body(403, "IP_ADDRESS_NOT_ON_ACCESS_LIST"))) ==
          "the access list of the daemon's own credential does not let it in (HTTP 403, "
          "IP_ADDRESS_NOT_ON_ACCESS_LIST: \"Something about it.\"): add the address it connects "
          "from to the API access list of that API key or service account (the network access list "
          "of a project has no say in this)");
    CHECK(
        message(answer(401, kUnauthorized), "look at the key") ==
        "the service refused the credential (HTTP 401, UNEXPECTED_ERROR: \"You are not authorized "
        "for this resource.\"): look at the key");
    CHECK(message(answer(503, kHtml)) ==
          "the service failed (HTTP 503, a page for browsers instead of an API answer): it should "
          "pass; if it stays, see its status page");
    CHECK(message(failed(http::Failure::tls)) == "what the transport says");
    CHECK(message(answer(200, kOtherKeyText)) ==
          "asked for the key 64aa11bb22cc33dd44ee55f1, the service described the key "
          "64aa11bb22cc33dd44ee55f9: a proxy or cache on the way may mix answers up");
    CHECK(message(answer(200, "{")) ==
          "the answer is not valid JSON (at byte 2): it does not describe an API key; if this "
          "stays, check atlas.base_url and atlas.api");
  }

  TEST_CASE("what the service says is quoted without secrets and cut") {
    const auto message = [](const std::string& detail, const std::string& code) {
      const std::string body = R"({"detail":")" + detail + R"(","errorCode":")" + code + R"("})";
      return std::get<Failure>(classify(answer(403, body), kAsked, "")).message;
    };
    const std::string secret = "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9";
    CHECK(message("the key " + secret + " is known", "X").find(secret) == std::string::npos);
    CHECK(message("x", secret).find(secret) == std::string::npos);
    CHECK(message("about mdb_sa_sk_abc", "X").find("mdb_sa_sk_") == std::string::npos);
    CHECK(message(std::string(100000, 'a'), std::string(100000, 'B')).size() < 500);
    CHECK(message("line\\nbreak\\u001b[31m", "X").find_first_of("\n\x1b") == std::string::npos);
  }
}

}  // namespace
}  // namespace aka::atlas
