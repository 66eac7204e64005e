#include "metrics/exposition.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "metrics/page.h"
#include "metrics/world.h"

namespace aka::metrics {
namespace {

using model::Finding;
using model::FindingKind;
using std::chrono::milliseconds;
using std::chrono::minutes;
using testing::judged;
using testing::Page;
using testing::render;
using testing::World;

Finding role_finding(std::string role) {
  Finding finding;
  finding.kind = FindingKind::role_unexpected;
  finding.role = std::move(role);
  return finding;
}

World many_keys(int count) {
  World world;
  world.add_organization("prod");
  for (int i = 0; i < count; ++i) world.add_key("key-" + std::to_string(i), judged({}, minutes(1)));
  return world;
}

TEST_CASE("a family without a sample is left out") {
  World world;
  world.add_organization("prod");
  world.add_key("ci", judged({}, minutes(1)));
  const Page page(render(world.snapshot()));
  CHECK(page.families().contains("atlas_key_up"));
  CHECK_FALSE(page.families().contains("atlas_key_finding"));
  CHECK_FALSE(page.families().contains("atlas_key_drift_since_timestamp_seconds"));
  CHECK_FALSE(page.families().contains("atlas_org_rate_limit_remaining"));
}

TEST_CASE("nothing configured makes an empty page") {
  CHECK(render(World().snapshot()).empty());
  CHECK(exposition_length(World().snapshot()) == 0);
}

TEST_CASE("an organization without keys still has its own rows") {
  World world;
  world.add_organization("empty");
  const Page page(render(world.snapshot()));
  CHECK(page.value("atlas_org_keys", {{"org", "empty"}}) == 0);
  CHECK(page.families().size() == 5);
}

TEST_CASE("each key is told by its own labels, through all chunks and organizations") {
  World world;
  for (const char* organization : {"prod", "test"}) {
    world.add_organization(organization);
    for (int i = 0; i < 300; ++i) {
      auto status = judged({}, minutes(1));
      status.http_status = static_cast<std::int16_t>(i);
      world.add_key("k" + std::to_string(i), status);
    }
  }
  const Page page(render(world.snapshot()));
  CHECK(page.count("atlas_key_up") == 600);
  CHECK(page.value("atlas_key_http_status_code", {{"org", "prod"}, {"key", "k299"}}) == 299);
  CHECK(page.value("atlas_key_http_status_code", {{"org_id", "5f1a2b3c0000000000000002"},
                                                  {"org", "test"},
                                                  {"key_id", "64aa11bb0000000000000200"},
                                                  {"key", "k211"}}) == 211);
}

TEST_CASE("an organization is up within one interval and the allowance for the poll itself") {
  struct Row {
    milliseconds age;
    double up;
  };
  // The interval is five minutes, the allowance a quarter of it.
  for (const Row& row : {Row{milliseconds(0), 1}, Row{minutes(5), 1}, Row{milliseconds(375000), 1},
                         Row{milliseconds(375001), 0}}) {
    CAPTURE(row.age.count());
    World world;
    world.add_organization("prod");
    world.status().last_conclusive = World::kSteady - row.age;
    CHECK(Page(render(world.snapshot())).value("atlas_org_up") == row.up);
  }
}

TEST_CASE("an organization that never answered is not up") {
  World world;
  world.add_organization("prod");
  model::Snapshot soon_after_boot = world.snapshot();
  soon_after_boot.steady = base::SteadyTime(minutes(1));
  CHECK(Page(render(soon_after_boot)).value("atlas_org_up") == 0);
}

TEST_CASE("instants and durations keep their milliseconds") {
  World world;
  world.add_organization("prod");
  world.status().effective_interval = milliseconds(1500);
  auto status = judged({}, minutes(0));
  status.last_poll = World::kWall + milliseconds(7);
  world.add_key("ci", status);
  const std::string page = render(world.snapshot());
  CHECK(page.find("} 1795500000.007\n") != std::string::npos);
  CHECK(page.find("} 1795500000\n") != std::string::npos);
  CHECK(page.find("} 1.500\n") != std::string::npos);
}

TEST_CASE("findings of a policy that has changed are held, their absence proves nothing") {
  World world;
  world.add_organization("prod");
  auto clean = judged({}, minutes(1));
  clean.judged_by_current_policy = false;
  world.add_key("clean", clean);
  auto drifting = judged({role_finding("ORG_OWNER")}, minutes(1));
  drifting.judged_by_current_policy = false;
  world.add_key("drifting", drifting);
  const Page page(render(world.snapshot()));
  CHECK(page.count("atlas_key_compliant", {{"key", "clean"}}) == 0);
  CHECK(page.value("atlas_key_compliant", {{"key", "drifting"}}) == 0);
}

TEST_CASE("one bad role name never spoils the page") {
  using namespace std::string_literals;
  World world;
  world.add_organization("prod");
  // The two bytes that are no UTF-8 look the same once replaced: one series, not one twice.
  world.add_key("ugly", judged({role_finding("A\xFF"), role_finding("A\xFE"),
                                role_finding("quote\" back\\slash\nline"), role_finding("nul\0"s),
                                role_finding("A\xFF")},
                               minutes(1)));
  world.add_key("fine", judged({}, minutes(1)));
  const std::string text = render(world.snapshot());
  const Page page(text);
  CHECK(page.count("atlas_key_finding", {{"key", "ugly"}}) == 3);
  CHECK(page.value("atlas_key_finding", {{"role", "A\uFFFD"}}) == 1);
  CHECK(page.value("atlas_key_finding", {{"role", "quote\" back\\slash\nline"}}) == 1);
  CHECK(page.value("atlas_key_finding", {{"role", "nul\0"s}}) == 1);
  CHECK(page.value("atlas_key_compliant", {{"key", "fine"}}) == 1);
  CHECK(testing::promtool_complaints(text) == "");
}

TEST_CASE("a page comes in blocks of at most 256 KiB, even where one name is longer") {
  World world = many_keys(2000);
  world.add_key("long", judged({role_finding(std::string(700000, 'R'))}, minutes(1)));
  const model::Snapshot snapshot = world.snapshot();
  std::string page;
  std::size_t blocks = 0;
  CHECK(write_exposition(snapshot, [&](std::string_view block) {
    CHECK(block.size() <= 256 * 1024);
    ++blocks;
    page += block;
    return true;
  }));
  CHECK(blocks == (page.size() + 256 * 1024 - 1) / (256 * 1024));
  CHECK(page.size() == exposition_length(snapshot));
  CHECK_NOTHROW(Page{page});
}

TEST_CASE("a sink that wants no more is not asked again") {
  int blocks = 0;
  CHECK_FALSE(write_exposition(many_keys(3000).snapshot(), [&](std::string_view) {
    ++blocks;
    return false;
  }));
  CHECK(blocks == 1);
}

// Random worlds: names of any bytes, any state, findings in any number.

rc::Gen<Finding> any_finding() {
  return rc::gen::map(
      rc::gen::tuple(rc::gen::elementOf(std::vector<FindingKind>(model::kFindingKinds.begin(),
                                                                 model::kFindingKinds.end())),
                     rc::gen::arbitrary<std::string>(), rc::gen::arbitrary<std::string>(),
                     rc::gen::arbitrary<bool>(), rc::gen::arbitrary<int>()),
      [](const auto& parts) {
        Finding finding;
        finding.kind = std::get<0>(parts);
        finding.role = std::get<1>(parts);
        finding.project_id = std::get<2>(parts);
        finding.waived = std::get<3>(parts);
        finding.since = World::kWall + milliseconds(std::get<4>(parts));
        return finding;
      });
}

model::KeyStatus any_status() {
  model::KeyStatus status = judged(*rc::gen::container<model::Findings>(any_finding()),
                                   milliseconds(*rc::gen::inRange(0, 2000000)));
  status.state =
      *rc::gen::elementOf(std::vector<model::State>(model::kStates.begin(), model::kStates.end()));
  status.reason = static_cast<model::Reason>(*rc::gen::inRange(0, 20));
  status.evidence = static_cast<model::Evidence>(*rc::gen::inRange(0, 3));
  status.http_status = *rc::gen::arbitrary<std::int16_t>();
  status.judged_by_current_policy = *rc::gen::arbitrary<bool>();
  return status;
}

World any_world() {
  World world;
  const int organizations = *rc::gen::inRange(0, 4);
  for (int i = 0; i < organizations; ++i) {
    world.add_organization(*rc::gen::arbitrary<std::string>());
    if (*rc::gen::arbitrary<bool>()) {
      world.status().rate_limit_remaining = *rc::gen::arbitrary<long long>() / 1000;
    }
    const int keys = *rc::gen::inRange(0, 5);
    for (int j = 0; j < keys; ++j) {
      auto& key = world.add_key(*rc::gen::arbitrary<std::string>(), any_status());
      key.owner = std::make_shared<const std::string>(*rc::gen::arbitrary<std::string>());
    }
  }
  return world;
}

TEST_CASE("the counted length is the written length, and every page parses") {
  CHECK(rc::check([] {
    const model::Snapshot snapshot = any_world().snapshot();
    const std::string page = render(snapshot);
    RC_ASSERT(page.size() == exposition_length(snapshot));
    Page{page};
    RC_ASSERT(page == render(snapshot));
  }));
}

}  // namespace
}  // namespace aka::metrics
