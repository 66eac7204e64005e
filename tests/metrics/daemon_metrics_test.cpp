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

constexpr auto kSent = "atlas_key_auditor_notifications_total";
constexpr auto kPending = "atlas_key_auditor_notifications_pending";
constexpr auto kHeadSeq = "atlas_key_auditor_journal_head_seq";
constexpr auto kHead = "atlas_key_auditor_journal_head_info";

TEST_CASE("a receiver starts at 0, and each has its own counts") {
  DaemonMetrics metrics({});
  CHECK(Page(metrics.render()).count(kSent) == 0);
  metrics.set_sinks({"slack:sec", "webhook:soc"});
  metrics.count_notifications("webhook:soc", true, 3);
  metrics.count_notifications("webhook:soc", false, 1);
  metrics.count_notifications("webhook:soc", true, 2);
  metrics.set_pending("webhook:soc", 9);
  metrics.set_pending("webhook:soc", 4);
  const Page page(metrics.render());
  CHECK(page.families().at(kSent).type == "counter");
  CHECK(page.families().at(kPending).type == "gauge");
  CHECK(page.value(kSent, {{"sink", "webhook:soc"}, {"result", "ok"}}) == 5);
  CHECK(page.value(kSent, {{"sink", "webhook:soc"}, {"result", "error"}}) == 1);
  CHECK(page.value(kPending, {{"sink", "webhook:soc"}}) == 4);
  for (const char* result : {"ok", "error"}) {
    CHECK(page.value(kSent, {{"sink", "slack:sec"}, {"result", result}}) == 0);
  }
  CHECK(page.value(kPending, {{"sink", "slack:sec"}}) == 0);
}

TEST_CASE("a receiver that stayed keeps its counts, one that left is gone and comes back at 0") {
  DaemonMetrics metrics({});
  metrics.set_sinks({"slack:sec", "webhook:soc"});
  for (const char* sink : {"slack:sec", "webhook:soc"}) {
    metrics.count_notifications(sink, true, 7);
    metrics.set_pending(sink, 2);
  }
  metrics.set_sinks({"slack:sec"});
  metrics.count_notifications("webhook:soc", true, 1);  // was under way
  metrics.set_pending("webhook:soc", 1);
  Page page(metrics.render());
  CHECK(page.value(kSent, {{"sink", "slack:sec"}, {"result", "ok"}}) == 7);
  CHECK(page.value(kPending, {{"sink", "slack:sec"}}) == 2);
  CHECK(page.count(kSent, {{"sink", "webhook:soc"}}) == 0);
  CHECK(page.count(kPending, {{"sink", "webhook:soc"}}) == 0);

  metrics.set_sinks({"slack:sec", "webhook:soc"});
  page = Page(metrics.render());
  CHECK(page.value(kSent, {{"sink", "webhook:soc"}, {"result", "ok"}}) == 0);
  CHECK(page.value(kPending, {{"sink", "webhook:soc"}}) == 0);
}

TEST_CASE("the journal's head is one series, the newest, and none before the first record") {
  DaemonMetrics metrics({});
  metrics.journal_committed(0, std::string(64, '0'), 0);
  Page page(metrics.render());
  CHECK(page.count(kHead) == 0);
  CHECK(page.value(kHeadSeq) == 0);

  metrics.journal_committed(41, std::string(64, 'a'), 0);  // found by a restart, written before
  metrics.journal_committed(43, std::string(64, 'b'), 2);
  page = Page(metrics.render());
  CHECK(page.count(kHead) == 1);
  CHECK(page.value(kHead, {{"sha256", std::string(64, 'b')}}) == 1);
  CHECK(page.value(kHeadSeq) == 43);
  CHECK(page.value("atlas_key_auditor_journal_records_total") == 2);
}

TEST_CASE("a failed commit counts as an error and leaves the head alone") {
  DaemonMetrics metrics({});
  CHECK(Page(metrics.render()).value("atlas_key_auditor_journal_errors_total") == 0);
  metrics.journal_committed(1, std::string(64, 'a'), 1);
  metrics.journal_failed();
  metrics.journal_failed();
  const Page page(metrics.render());
  CHECK(page.value("atlas_key_auditor_journal_errors_total") == 2);
  CHECK(page.value("atlas_key_auditor_journal_records_total") == 1);
  CHECK(page.value(kHeadSeq) == 1);
  CHECK(page.count(kHead, {{"sha256", std::string(64, 'a')}}) == 1);
}

TEST_CASE("number and hash of the journal's head are those of one record on every page") {
  // A witness that named the hash of another record would accuse an honest journal.
  DaemonMetrics metrics({});
  metrics.journal_committed(1, "1", 1);
  std::jthread writer([&](const std::stop_token& stop) {
    for (std::int64_t seq = 2; !stop.stop_requested(); ++seq) {
      metrics.journal_committed(seq, std::to_string(seq), 1);
    }
  });
  for (int n = 0; n < 200; ++n) {
    const Page page(metrics.render());
    const auto seq = static_cast<std::int64_t>(page.value(kHeadSeq));
    REQUIRE(page.count(kHead, {{"sha256", std::to_string(seq)}}) == 1);
  }
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
  metrics.set_sinks({"slack:sec"});
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
          metrics.count_notifications("slack:sec", true, 1);
        }
      });
    }
    const auto one = roster({"prod"});
    for (int n = 0; n < 20; ++n) {
      metrics.configure(n % 2 == 0 ? *one : *both);
      metrics.set_sinks(n % 2 == 0 ? std::vector<std::string>{"slack:sec", "webhook:soc"}
                                   : std::vector<std::string>{"slack:sec"});
      Page{metrics.render()};
    }
  }
  const Page page(metrics.render());
  CHECK(page.value(kPolls, {{"org", "prod"}, {"outcome", "compliant"}}) == 4 * kCount);
  CHECK(page.value(kSent, {{"sink", "slack:sec"}, {"result", "ok"}}) == 4 * kCount);
  CHECK(page.value("atlas_key_auditor_poll_delay_seconds_count") == 4 * kCount);
  CHECK(page.value("atlas_key_auditor_api_request_duration_seconds_count") == 4 * kCount);
}

TEST_CASE("promtool is content with the daemon's page alone and behind the keys'") {
  DaemonMetrics metrics({"1.2.3", "0123abcd", "g++ 12.2.0"});
  metrics.configure(*roster({"prod", "test"}));
  metrics.set_sinks({"alertmanager:http://127.0.0.1:9093", "webhook:soc"});
  metrics.journal_committed(7, std::string(64, 'a'), 7);
  CHECK(testing::promtool_complaints(metrics.render()) == "");
  const std::string all = testing::render(testing::full_world().snapshot()) + metrics.render();
  CHECK(testing::promtool_complaints(all) == "");
}

TEST_CASE("no family is on both parts of the page") {
  DaemonMetrics metrics({});
  metrics.configure(*roster({"prod"}));
  metrics.set_sinks({"webhook:soc"});
  metrics.journal_committed(7, std::string(64, 'a'), 7);
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
