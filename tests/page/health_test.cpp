// A daemon that does not do well must not look well.
#include "page/health.h"

#include <doctest/doctest.h>

#include "page/watched.h"
#include "support/audited.h"

namespace aka::page {
namespace {

using testing::holds;

TEST_CASE("each trouble of the daemon is told") {
  Health health;
  CHECK(troubles_of(health).empty());
  health.beats = false;
  health.facts.reload_error = "a.yaml:1:1: <bad>";
  health.journal_failure = "disk full";
  health.receivers = {{"webhook:soc", 3, std::chrono::minutes(4), 0, 0},
                      {"slack:sec", 2, std::chrono::minutes(6), 1, 9}};
  const auto troubles = troubles_of(health);
  REQUIRE(troubles.size() == 4);
  CHECK(holds(troubles[0], "missed its beat"));
  CHECK(holds(troubles[1], "a.yaml:1:1: <bad>"));
  CHECK(holds(troubles[2], "disk full"));
  CHECK(troubles[3] == "slack:sec has let 2 notifications wait for 6 min.");
}

TEST_CASE("journal, reload and receivers are shown") {
  Health health;
  health.facts.reload_error = "why";
  health.head_seq = 41;
  health.head_hash = "abc";
  health.receivers = {{"webhook:soc", 0, {}, 7, 1}};
  std::string page;
  Html html(page);
  put_health(html, health, test::at("2026-11-24T06:00:00Z"));
  CHECK(holds(page, "41 records"));
  CHECK(holds(page, "abc"));
  CHECK(holds(page, "refused"));
  CHECK(holds(page, "webhook:soc"));
  CHECK(holds(page, R"(data-label="taken">7<)"));
}

}  // namespace
}  // namespace aka::page
