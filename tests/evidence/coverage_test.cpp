// When a journal proves something of an organization, and when it does not.
#include "evidence/coverage.h"

#include <doctest/doctest.h>

#include "evidence/told.h"

namespace aka::evidence {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::at;

const base::WallTime kBegin = at("2026-11-01T00:00:00Z");
const Period kDay{kBegin, kBegin + hours(24)};
const std::string kOrg = "org";

/// A process that started with the day and writes checkpoints from hour `first` to `last`.
void checkpoints(CoverageKeeper& keeper, int first, int last, std::int64_t conclusive = 5) {
  for (int hour = first; hour <= last; ++hour) {
    keeper.checkpoint({kOrg, kBegin + hours(hour), 6, conclusive});
    keeper.alive(kBegin + hours(hour));
  }
}

CoverageKeeper begun() {
  CoverageKeeper keeper(kDay);
  keeper.started(kBegin);
  keeper.alive(kBegin);
  keeper.key_added(kOrg, kBegin);
  return keeper;
}

Coverage only(CoverageKeeper& keeper, base::WallTime made = kBegin + hours(48)) {
  const auto all = keeper.finish(made);
  REQUIRE(all.size() == 1);
  return all.front();
}

TEST_CASE("a day with all its checkpoints has no gap") {
  CoverageKeeper keeper = begun();
  checkpoints(keeper, 1, 30);
  const Coverage coverage = only(keeper);
  CHECK(coverage.gaps.empty());
  CHECK(coverage.per_mille() == 1000);
  CHECK(coverage.checkpoints == 23);  // those at the end of the day and after are of the next
  CHECK(coverage.conclusive == 23 * 5);
  CHECK(coverage.polls == 23 * 6);
}

TEST_CASE("checkpoints at which some key was not proven are counted") {
  CoverageKeeper keeper = begun();
  keeper.checkpoint({kOrg, kBegin + hours(1), 6, 5, kBegin + minutes(59)});
  keeper.checkpoint({kOrg, kBegin + hours(2), 6, 5, kBegin + minutes(30)});
  keeper.checkpoint({kOrg, kBegin + hours(3), 6, 5, kBegin + minutes(89)});
  keeper.checkpoint({kOrg, kBegin + hours(4), 6, 5, {}});
  CHECK(only(keeper).unproven == 2);
}

TEST_CASE("between two runs nobody watched") {
  CoverageKeeper keeper = begun();
  checkpoints(keeper, 1, 6);
  keeper.stopped(kBegin + hours(6) + minutes(30));
  keeper.started(kBegin + hours(9));
  checkpoints(keeper, 10, 30);
  const Coverage coverage = only(keeper);
  REQUIRE(coverage.gaps.size() == 1);
  CHECK(coverage.gaps[0].period.from == kBegin + hours(6) + minutes(30));
  CHECK(coverage.gaps[0].period.until == kBegin + hours(9));
  CHECK(coverage.gaps[0].why == "no process watched");
  CHECK(coverage.uncovered() == hours(2) + minutes(30));
}

TEST_CASE("a killed process is known of until its last record") {
  CoverageKeeper keeper = begun();
  checkpoints(keeper, 1, 6);
  keeper.alive(kBegin + hours(6) + minutes(12));
  keeper.started(kBegin + hours(9));
  checkpoints(keeper, 10, 30);
  const Coverage coverage = only(keeper);
  REQUIRE(coverage.gaps.size() == 1);
  CHECK(coverage.gaps[0].period.from == kBegin + hours(6) + minutes(12));
}

TEST_CASE("a restart that takes a minute is a gap of a minute") {
  CoverageKeeper keeper = begun();
  checkpoints(keeper, 1, 6);
  keeper.stopped(kBegin + hours(6) + minutes(59));
  keeper.started(kBegin + hours(7));
  checkpoints(keeper, 8, 30);
  CHECK(only(keeper).uncovered() == minutes(1));
}

TEST_CASE("checkpoints that are missing, and those without a conclusive poll, prove nothing") {
  CoverageKeeper keeper = begun();
  checkpoints(keeper, 1, 3);
  checkpoints(keeper, 6, 8, 0);
  checkpoints(keeper, 9, 30);
  const Coverage coverage = only(keeper);
  REQUIRE(coverage.gaps.size() == 1);
  CHECK(coverage.gaps[0].why == "no poll was conclusive");
  CHECK(coverage.gaps[0].period.from == kBegin + hours(3));
  CHECK(coverage.gaps[0].period.until == kBegin + hours(8));

  CoverageKeeper silent = begun();
  checkpoints(silent, 1, 3);
  checkpoints(silent, 5, 30);
  const Coverage other = only(silent);
  REQUIRE(other.gaps.size() == 1);
  CHECK(other.gaps[0].why == "no checkpoint was written");
  CHECK(other.uncovered() == hours(2));
}

TEST_CASE("a period without an end yet is covered up to now") {
  CoverageKeeper keeper = begun();
  checkpoints(keeper, 1, 6);
  const Coverage coverage = only(keeper, kBegin + hours(6) + minutes(45));
  CHECK(coverage.gaps.empty());
  CHECK(coverage.watched.until == kBegin + hours(6) + minutes(45));
}

TEST_CASE("an organization counts only while it is configured") {
  CoverageKeeper keeper(kDay);
  keeper.started(kBegin - hours(5));
  keeper.key_added(kOrg, kBegin + hours(2));
  keeper.key_added(kOrg, kBegin + hours(2));
  checkpoints(keeper, 3, 6);
  keeper.key_removed(kOrg, kBegin + hours(6));
  keeper.key_removed(kOrg, kBegin + hours(7));
  const Coverage coverage = only(keeper);
  CHECK(coverage.watched.from == kBegin + hours(2));
  CHECK(coverage.watched.until == kBegin + hours(7));
  CHECK(coverage.gaps.empty());
}

TEST_CASE("what never ran again is a gap to the end") {
  CoverageKeeper keeper = begun();
  checkpoints(keeper, 1, 6);
  keeper.stopped(kBegin + hours(7));
  const Coverage coverage = only(keeper);
  CHECK(coverage.uncovered() == hours(17));
  CHECK(coverage.per_mille() == 291);
}

}  // namespace
}  // namespace aka::evidence
