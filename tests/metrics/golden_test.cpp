// One page for each state that a key can be in, beside its exact text in data/. With
// AKA_WRITE_GOLDEN set in the environment the texts are written anew, for a look at the diff.
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include <doctest/doctest.h>

#include "metrics/page.h"
#include "metrics/world.h"

namespace aka::metrics {
namespace {

using model::Failure;
using model::Finding;
using model::FindingKind;
using model::Reason;
using model::Severity;
using model::State;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using testing::failed;
using testing::judged;
using testing::World;

Finding finding(FindingKind kind, Severity severity) {
  Finding result;
  result.kind = kind;
  result.severity = severity;
  result.since = World::kWall - hours(2) + milliseconds(250);
  return result;
}

Finding role_finding(FindingKind kind, Severity severity, std::string role,
                     std::string project_id) {
  Finding result = finding(kind, severity);
  result.role = std::move(role);
  result.project_id = std::move(project_id);
  return result;
}

World one_key(model::KeyStatus status) {
  World world;
  world.add_organization("prod");
  if (status.last_success != base::WallTime{}) {
    world.status().last_conclusive = status.last_success_steady;
  }
  world.status().rate_limit_remaining = 99;
  world.add_key("ci", std::move(status));
  return world;
}

World drifting() {
  constexpr auto kProject = "5f1a2b3c4d5e6f7a8b9c0d2f";
  return one_key(judged(
      {role_finding(FindingKind::role_forbidden, Severity::critical, "GROUP_OWNER", kProject),
       role_finding(FindingKind::role_unexpected, Severity::critical, "ORG_OWNER", ""),
       role_finding(FindingKind::role_unexpected, Severity::warning, "ORG_MEMBER", ""),
       role_finding(FindingKind::role_missing, Severity::warning, "GROUP_READ_ONLY", "*"),
       finding(FindingKind::description_mismatch, Severity::info)},
      minutes(1)));
}

World waived() {
  Finding forgiven = role_finding(FindingKind::role_forbidden, Severity::critical, "ORG_OWNER", "");
  forgiven.waived = true;
  Finding text = finding(FindingKind::description_mismatch, Severity::info);
  text.waived = true;
  return one_key(judged({forgiven, text}, minutes(1)));
}

/// The service says with authority that the key is not there.
model::KeyStatus missing(model::Findings findings) {
  model::KeyStatus status = judged(std::move(findings), minutes(1));
  status.http_status = 404;
  status.evidence = model::Evidence::missing;
  return status;
}

World key_missing() {
  model::KeyStatus status = missing({finding(FindingKind::key_missing, Severity::critical)});
  status.state = State::not_found;
  status.reason = Reason::key_missing;
  return one_key(status);
}

World expected_absent(model::KeyStatus status) {
  World world;
  world.add_organization("prod");
  world.status().last_conclusive = World::kSteady - minutes(1);
  auto& key = world.add_key("old-ci", std::move(status));
  key.policy = nullptr;
  key.expect = model::Expectation::absent;
  return world;
}

World inline_policy() {
  World world;
  world.add_organization("prod");
  auto& key = world.add_key("reports", judged({}, minutes(1)));
  key.policy = std::make_shared<const model::Policy>();
  return world;
}

World after(Failure failure, int http_status) {
  return one_key(failed(judged({}, minutes(6)), std::move(failure), http_status));
}

struct Row {
  std::string name;
  World world;
};

std::vector<Row> rows() {
  return {
      {"pending", one_key({})},
      {"compliant", one_key(judged({}, minutes(1)))},
      {"drift", drifting()},
      {"not_found_key_missing", key_missing()},
      {"not_found_org_missing", after({State::not_found, Reason::org_missing, ""}, 404)},
      {"not_found_unknown", after({State::not_found, Reason::unknown, ""}, 404)},
      {"forbidden", after({State::forbidden, Reason::ip_not_on_access_list, ""}, 403)},
      {"unauthorized", after({State::unauthorized, Reason::bad_credentials, ""}, 401)},
      {"rate_limited", after({State::rate_limited, Reason::throttled, ""}, 429)},
      {"error", after({State::error, Reason::timeout, ""}, 0)},
      {"never_judged", one_key(failed({}, {State::error, Reason::http_5xx, ""}, 503))},
      {"drift_held_through_error",
       one_key(
           failed(judged({finding(FindingKind::public_key_changed, Severity::critical)}, hours(1)),
                  {State::error, Reason::tls, ""}, 0))},
      {"stale", one_key(failed(judged({}, minutes(16)), {State::error, Reason::timeout, ""}, 0))},
      {"waived", waived()},
      {"expected_absent", expected_absent(missing({}))},
      {"expected_absent_present",
       expected_absent(
           judged({finding(FindingKind::key_present, Severity::critical)}, minutes(1)))},
      {"inline_policy", inline_policy()},
  };
}

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

TEST_CASE("each state has the page that is written down for it") {
  for (const Row& row : rows()) {
    CAPTURE(row.name);
    const std::string path = std::string(AKA_TEST_DATA) + "/" + row.name + ".prom";
    const std::string page = testing::render(row.world.snapshot());
    if (std::getenv("AKA_WRITE_GOLDEN") != nullptr) {
      std::ofstream(path, std::ios::binary) << page;
    }
    CHECK(page == read(path));
    CHECK_NOTHROW(testing::Page{page});
  }
}

TEST_CASE("promtool is content with the page of each state") {
  for (const Row& row : rows()) {
    CAPTURE(row.name);
    CHECK(testing::promtool_complaints(testing::render(row.world.snapshot())) == "");
  }
}

}  // namespace
}  // namespace aka::metrics
