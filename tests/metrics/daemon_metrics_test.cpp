#include "metrics/daemon_metrics.h"

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include <doctest/doctest.h>

#include "metrics/page.h"
#include "metrics/world.h"

namespace aka::metrics {
namespace {

using model::State;
using std::chrono::milliseconds;
using testing::Labels;
using testing::Page;
using testing::World;

constexpr auto kPolls = "atlas_key_auditor_polls_total";
constexpr auto kRequests = "atlas_key_auditor_api_requests_total";

std::shared_ptr<const model::Roster> roster(const std::vector<std::string>& names) {
  World world;
  for (const auto& name : names) world.add_organization(name);
  return world.snapshot().roster;
}

OrganizationHandle handle_of(const DaemonMetrics& metrics, const model::Roster& roster,
                             std::size_t index) {
  return metrics.organization(roster.organizations[index].id);
}

TEST_CASE("every counter of a configured organization starts at 0") {
  DaemonMetrics metrics({});
  metrics.configure(*roster({"prod"}));
  const Page page(metrics.render());
  const Labels organization{{"org_id", "5f1a2b3c0000000000000001"}, {"org", "prod"}};
  for (const State state : model::kStates) {
    Labels labels = organization;
    labels["outcome"] = to_string(state);
    if (state == State::pending) {
      CHECK(page.count(kPolls, labels) == 0);
    } else {
      CHECK(page.value(kPolls, labels) == 0);
    }
  }
  for (const char* code : {"0", "200", "401", "404", "429", "500", "503"}) {
    Labels labels = organization;
    labels["code"] = code;
    CHECK(page.value(kRequests, labels) == 0);
  }
  CHECK(page.value("atlas_key_auditor_api_request_duration_seconds_count") == 0);
}

TEST_CASE("polls and requests count for their own organization") {
  DaemonMetrics metrics({});
  const auto both = roster({"prod", "test"});
  metrics.configure(*both);
  const auto prod = handle_of(metrics, *both, 0);
  metrics.count_poll(*prod, State::drift);
  metrics.count_poll(*prod, State::drift);
  metrics.count_request(*prod, 200, milliseconds(20));
  metrics.count_request(*prod, 418, milliseconds(30));
  metrics.count_request(*prod, 0, milliseconds(50));
  metrics.count_request(*prod, -7, milliseconds(0));
  metrics.count_request(*prod, 70000, milliseconds(0));
  const Page page(metrics.render());
  CHECK(page.value(kPolls, {{"org", "prod"}, {"outcome", "drift"}}) == 2);
  CHECK(page.value(kPolls, {{"org", "test"}, {"outcome", "drift"}}) == 0);
  CHECK(page.value(kRequests, {{"org", "prod"}, {"code", "200"}}) == 1);
  CHECK(page.value(kRequests, {{"org", "prod"}, {"code", "418"}}) == 1);
  CHECK(page.value(kRequests, {{"org", "prod"}, {"code", "0"}}) == 3);
  CHECK(page.count(kRequests, {{"org", "test"}, {"code", "418"}}) == 0);
  CHECK(page.value("atlas_key_auditor_api_request_duration_seconds_sum") == doctest::Approx(0.1));
}

TEST_CASE("a reload keeps the counts of what stayed and drops what left") {
  DaemonMetrics metrics({});
  const auto both = roster({"prod", "test"});
  metrics.configure(*both);
  const auto prod = handle_of(metrics, *both, 0);
  const auto test = handle_of(metrics, *both, 1);
  metrics.count_poll(*prod, State::error);
  metrics.count_poll(*test, State::error);

  const auto one = roster({"prod"});
  metrics.configure(*one);
  CHECK(handle_of(metrics, *one, 0) == prod);
  CHECK(metrics.organization(both->organizations[1].id) == nullptr);
  metrics.count_poll(*test, State::error);  // a poll that was under way
  const Page page(metrics.render());
  CHECK(page.value(kPolls, {{"org", "prod"}, {"outcome", "error"}}) == 1);
  CHECK(page.count(kPolls, {{"org", "test"}}) == 0);

  metrics.configure(*both);
  CHECK(Page(metrics.render()).value(kPolls, {{"org", "test"}, {"outcome", "error"}}) == 0);
}

TEST_CASE("a renamed organization is a new one") {
  DaemonMetrics metrics({});
  const auto before = roster({"prod"});
  metrics.configure(*before);
  metrics.count_poll(*handle_of(metrics, *before, 0), State::compliant);
  metrics.configure(*roster({"production"}));
  const Page page(metrics.render());
  CHECK(page.count(kPolls, {{"org", "prod"}}) == 0);
  CHECK(page.value(kPolls, {{"org", "production"}, {"outcome", "compliant"}}) == 0);
}

TEST_CASE("the delay of a poll falls into its bucket, an early start into the first") {
  DaemonMetrics metrics({});
  metrics.observe_delay(milliseconds(-5));
  metrics.observe_delay(milliseconds(700));
  const Page page(metrics.render());
  const std::string bucket = "atlas_key_auditor_poll_delay_seconds_bucket";
  CHECK(page.value(bucket, {{"le", "0.001"}}) == 1);
  CHECK(page.value(bucket, {{"le", "0.6"}}) == 1);
  CHECK(page.value(bucket, {{"le", "1"}}) == 2);
  CHECK(page.value("atlas_key_auditor_poll_delay_seconds_sum") == doctest::Approx(0.7));
}

TEST_CASE("a rejected configuration keeps the time of the last good one") {
  DaemonMetrics metrics({});
  const std::string successful = "atlas_key_auditor_config_last_reload_successful";
  const std::string when = "atlas_key_auditor_config_last_reload_success_timestamp_seconds";
  CHECK(Page(metrics.render()).value(successful) == 0);
  CHECK(Page(metrics.render()).value(when) == 0);
  metrics.config_loaded(World::kWall + milliseconds(250));
  CHECK(Page(metrics.render()).value(successful) == 1);
  metrics.config_rejected();
  CHECK(Page(metrics.render()).value(successful) == 0);
  CHECK(Page(metrics.render()).value(when) == 1795500000.25);
}

TEST_CASE("when the configuration last became weaker is told, 0 before") {
  const std::string when = "atlas_key_auditor_config_last_weakened_timestamp_seconds";
  DaemonMetrics metrics({"1.2.3", "", ""});
  CHECK(Page(metrics.render()).value(when) == 0);
  metrics.config_weakened(World::kWall);
  CHECK(Page(metrics.render()).value(when) == 1795500000);
}

TEST_CASE("the build is told by labels, the unknown ones left out") {
  const Page page(DaemonMetrics({"1.2.3", "", "g++ 12.2.0"}).render());
  const auto& series = page.families().at("atlas_key_auditor_build_info").series;
  CHECK(series.at("atlas_key_auditor_build_info") ==
        std::map<Labels, double>{{{{"version", "1.2.3"}, {"compiler", "g++ 12.2.0"}}, 1}});
}

TEST_CASE("the process is told as other exporters tell it") {
  const Page before(DaemonMetrics({}).render());
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const Page after(DaemonMetrics({}).render());
  close(ends[0]);
  close(ends[1]);
  CHECK(after.value("process_open_fds") == before.value("process_open_fds") + 2);
  CHECK(after.value("process_max_fds") >= after.value("process_open_fds"));
  CHECK(after.value("process_threads") >= 1);
  CHECK(after.value("process_resident_memory_bytes") > 1e6);
  CHECK(after.value("process_virtual_memory_bytes") > after.value("process_resident_memory_bytes"));
  CHECK(after.value("process_cpu_seconds_total") >= 0);
  const auto now = static_cast<double>(time(nullptr));
  CHECK(after.value("process_start_time_seconds") <= now + 1);
  CHECK(after.value("process_start_time_seconds") > now - 3600);
}

TEST_CASE("counting, scraping and reloading at once lose nothing") {
  DaemonMetrics metrics({});
  const auto both = roster({"prod", "test"});
  metrics.configure(*both);
  const auto prod = handle_of(metrics, *both, 0);
  constexpr int kCount = 2000;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < kCount; ++n) {
          metrics.count_poll(*prod, State::compliant);
          metrics.count_request(*prod, 200 + n % 3, milliseconds(1));
          metrics.observe_delay(milliseconds(n));
        }
      });
    }
    const auto one = roster({"prod"});
    for (int n = 0; n < 20; ++n) {
      metrics.configure(n % 2 == 0 ? *one : *both);
      Page{metrics.render()};
    }
  }
  const Page page(metrics.render());
  CHECK(page.value(kPolls, {{"org", "prod"}, {"outcome", "compliant"}}) == 4 * kCount);
  CHECK(page.value("atlas_key_auditor_poll_delay_seconds_count") == 4 * kCount);
  CHECK(page.value("atlas_key_auditor_api_request_duration_seconds_count") == 4 * kCount);
}

TEST_CASE("promtool is content with the daemon's page alone and behind the keys'") {
  DaemonMetrics metrics({"1.2.3", "0123abcd", "g++ 12.2.0"});
  metrics.configure(*roster({"prod", "test"}));
  CHECK(testing::promtool_complaints(metrics.render()) == "");
  const std::string all = testing::render(testing::full_world().snapshot()) + metrics.render();
  CHECK(testing::promtool_complaints(all) == "");
}

TEST_CASE("no family is on both parts of the page") {
  DaemonMetrics metrics({});
  metrics.configure(*roster({"prod"}));
  const Page daemon(metrics.render());
  const Page keys(testing::render(testing::full_world().snapshot()));
  for (const auto& [name, family] : daemon.families()) {
    CAPTURE(name);
    CHECK_FALSE(keys.families().contains(name));
    CHECK((name.starts_with("atlas_key_auditor_") || name.starts_with("process_")));
  }
}

}  // namespace
}  // namespace aka::metrics
