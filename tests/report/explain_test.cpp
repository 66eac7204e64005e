// What `check --explain` says of organizations and keys.
#include "report/explain.h"

#include <doctest/doctest.h>

#include "report/world.h"
#include "support/audited.h"

namespace aka::report {
namespace {

using namespace std::chrono_literals;

TEST_CASE("an organization is explained by its requests and its worst time to detect") {
  model::Organization organization =
      test::organization_of("prod", test::kOrganization, {test::key({}), test::key({})});
  organization.credential = "prod-digest";
  organization.interval = 30s;
  OrganizationLoad load{100, 4.04, 30s, 1200ms, 43s, 0.1, 10s};
  CHECK(explain_organization(organization, load) ==
        "organization prod (5f1a2b3c4d5e6f7a8b9c0d1e), credential prod-digest, 2 keys\n"
        "  requests   4 a minute of the 100 that the rate limit allows; each key every 30s\n"
        "  detection  at most 43s after a change: the interval, 10% jitter and a timeout of 10s\n");
  load.effective_interval = 1min;
  CHECK(explain_organization(organization, load).find("every 30s, stretched to 1m\n") !=
        std::string::npos);
  CHECK(overload_text(organization, load) ==
        "organization 'prod' needs 4 requests a minute for its 2 keys, each every 30s, and "
        "atlas.rate_limit allows 100; the shortest interval that fits is 2s");
}

TEST_CASE("an organization whose keys come in lists is explained by both ways of asking") {
  model::Organization organization =
      test::organization_of("prod", test::kOrganization, {test::key({}), test::key({})});
  organization.credential = "prod-digest";
  organization.interval = 1min;
  organization.fetch = model::Fetch::list;
  const OrganizationLoad load{100, 1.0014, 1min, 1200ms, 86s, 0.1, 10s, 2, 24h};
  CHECK(
      explain_organization(organization, load) ==
      "organization prod (5f1a2b3c4d5e6f7a8b9c0d1e), credential prod-digest, 2 keys\n"
      "  requests   1 a minute of the 100 that the rate limit allows; each key every 1m, in lists "
      "of up to 500, and by itself every 1d\n"
      "  detection  at most 1m26s after a change: the interval, 10% jitter and 2 timeouts of "
      "10s\n");
}

TEST_CASE("a key is explained by its policy as it takes effect, and its waivers") {
  const model::Snapshot world = test::small_world();
  const std::vector<model::Key>& keys = world.roster->organizations[0].keys;
  CHECK(explain_key(keys[0], world.wall) ==
        "  key ci (64aa11bb22cc33dd44ee55f1), owner build-team\n"
        "    policy       ci-deployer\n"
        "    exactly      ORG_MEMBER, GROUP_OWNER@5f1a2b3c4d5e6f7a8b9c0d2f\n"
        "    description  'ci deployer's key'\n");
  CHECK(explain_key(keys[1], world.wall) ==
        "  key old-ci (64aa11bb22cc33dd44ee55f2)\n"
        "    expected     absent\n");
  CHECK(explain_key(keys[3], world.wall) ==
        "  key dashboards (64aa11bb22cc33dd44ee55f4)\n"
        "    policy       written in place\n"
        "    required     ORG_READ_ONLY\n"
        "    allowed      GROUP_READ_ONLY@*\n"
        "    forbidden    *_OWNER\n"
        "    description  fits ^report .*\n"
        "    waiver       role_forbidden ORG_OWNER until 2027-01-31T00:00:00Z (active) SEC-7: "
        "migration\n"
        "    waiver       role_forbidden GROUP_OWNER@5f1a2b3c4d5e6f7a8b9c0d2f until "
        "2026-11-01T00:00:00Z (expired): old migration\n"
        "    waiver       role_forbidden GROUP_OWNER@5f1a2b3c4d5e6f7a8b9c0d3a until "
        "2027-01-31T00:00:00Z (active) SEC-9: trial\n");
}

TEST_CASE("overridden severities and unchecked parts are told") {
  model::Policy policy;
  policy.severity[static_cast<std::size_t>(model::FindingKind::key_missing)] =
      model::Severity::info;
  CHECK(explain_key(test::key(policy), {}) ==
        "  key 64aa11bb22cc33dd44ee55f1 (64aa11bb22cc33dd44ee55f1)\n"
        "    policy       written in place\n"
        "    roles        not checked\n"
        "    description  not checked\n"
        "    severity     key_missing is info\n");
}

}  // namespace
}  // namespace aka::report
