#include "simulator/auditor_config.h"

#include <algorithm>
#include <string>

#include <doctest/doctest.h>

#include "simulator/small_world.h"

using namespace aka::simulator;
using namespace aka::simulator::test;

namespace {

AuditorConfigOptions options() {
  AuditorConfigOptions wanted;
  wanted.base_url = "http://127.0.0.1:9975";
  wanted.secrets_directory = "auditor.secrets";
  wanted.store_file = "auditor.db";
  return wanted;
}

std::vector<Organization> prod() { return {fixture().organizations[0]}; }

}  // namespace

TEST_SUITE("configuration for a simulated service") {
  TEST_CASE("every key that cannot log in is watched as it is now") {
    const auto config = describe_for_auditor(prod(), options());
    REQUIRE(config);
    CHECK(config->yaml == R"(# Written by atlas-key-sim, for the service it simulates.
version: 1
atlas:
  base_url: http://127.0.0.1:9975
  api: v1.0
  rate_limit: {burst: 100, per_minute: 60}
schedule: {interval: 10s}
store: {path: "auditor.db"}
credentials:
  prod: {digest: {public_key: "readerpk", private_key_file: "auditor.secrets/prod"}}
policies:
  policy-1:
    description: "ci \"deployer\""
    roles: {exact: ["GROUP_BRAND_NEW@5f1a2b3c4d5e6f7a8b9c0d2f", "GROUP_OWNER@5f1a2b3c4d5e6f7a8b9c0d2f", "ORG_MEMBER"]}
  policy-2:
    description: ""
organizations:
  - id: "5f1a2b3c4d5e6f7a8b9c0d1e"
    name: "prod"
    credential: "prod"
    keys:
      - {id: "64aa11bb22cc33dd44ee55f1", policy: policy-1}
      - {id: "64aa11bb22cc33dd44ee55f2", policy: policy-2}
)");
    REQUIRE(config->secrets.size() == 1);
    CHECK(config->secrets[0].name == "prod");
    CHECK(config->secrets[0].secret.reveal() == "reader-secret");
  }

  TEST_CASE("a service account, another API, a trust anchor") {
    auto wanted = options();
    wanted.credential = ConfigCredential::service_account;
    wanted.api = "v2";
    wanted.ca_file = "/tmp/ca.pem";
    const auto config = describe_for_auditor(prod(), wanted);
    REQUIRE(config);
    CHECK(config->yaml.find("  api: v2\n  ca_file: \"/tmp/ca.pem\"\n") != std::string::npos);
    CHECK(config->yaml.find("  prod: {service_account: {client_id: "
                            "\"mdb_sa_id_0123456789abcdef01234567\", client_secret_file: "
                            "\"auditor.secrets/prod\"}}\n") != std::string::npos);
    CHECK(config->secrets[0].secret.reveal() == "mdb_sa_sk_secret");
  }

  TEST_CASE("the interval is one that the rate limit can serve, unless it is given") {
    struct Row {
      int keys;
      int per_minute;
      std::optional<aka::base::Duration> given;
      std::string interval;
    };
    for (const Row& row : std::vector<Row>{{1, 250, {}, "10s"},
                                           {41, 250, {}, "10s"},
                                           {42, 250, {}, "11s"},
                                           {250, 250, {}, "1m"},
                                           {1000, 250, {}, "4m"},
                                           {1000, 7, {}, "2h22m52s"},
                                           {1000, 250, std::chrono::seconds(1), "1s"}}) {
      auto organizations = prod();
      organizations[0].rate_limit.reset();
      const Key login = *std::ranges::find_if(
          organizations[0].keys, [](const Key& key) { return !key.private_key.empty(); });
      organizations[0].keys.assign(static_cast<std::size_t>(row.keys), Key{});
      organizations[0].keys.push_back(login);
      auto wanted = options();
      wanted.rate_limit.per_minute = row.per_minute;
      wanted.interval = row.given;
      const auto config = describe_for_auditor(organizations, wanted);
      REQUIRE(config);
      CAPTURE(row.keys);
      CHECK(config->yaml.find("schedule: {interval: " + row.interval + "}\n") != std::string::npos);
    }
  }

  TEST_CASE("the limit is the least that any organization grants, and so is the interval's") {
    auto organizations = prod();
    organizations.push_back(organizations[0]);
    organizations[0].rate_limit = RateLimit{40, 600};
    organizations[1].rate_limit = RateLimit{900, 6};
    const auto config = describe_for_auditor(organizations, options());
    REQUIRE(config);
    CHECK(config->yaml.find("  rate_limit: {burst: 40, per_minute: 6}\n"
                            "schedule: {interval: 20s}\n") != std::string::npos);
    organizations[1].rate_limit.reset();
    CHECK(describe_for_auditor(organizations, options())
              ->yaml.find("  rate_limit: {burst: 40, per_minute: 250}\n") != std::string::npos);
    CHECK(describe_for_auditor({}, options())
              ->yaml.find("  rate_limit: {burst: 500, per_minute: 250}\n") != std::string::npos);
  }

  TEST_CASE("names are made fit and unique") {
    auto organizations = prod();
    organizations[0].name = "Prod (EU)/1";
    organizations.push_back(organizations[0]);
    const auto config = describe_for_auditor(organizations, options());
    REQUIRE(config);
    CHECK(config->secrets[0].name == "Prod--EU--1");
    CHECK(config->secrets[1].name == kOrg);
  }

  TEST_CASE("an organization nobody can log in to is an error") {
    const auto without_key = describe_for_auditor({fixture().organizations[1]}, options());
    REQUIRE_FALSE(without_key);
    CHECK(without_key.error().message ==
          "the organization other has no key that can log in; give one a 'privateKey' in the "
          "fixture");
    auto wanted = options();
    wanted.credential = ConfigCredential::service_account;
    const auto without_account = describe_for_auditor({fixture().organizations[1]}, wanted);
    REQUIRE_FALSE(without_account);
    CHECK(without_account.error().message.find("no service account") != std::string::npos);
  }
}
