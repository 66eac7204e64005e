// The four numbers of a summary and the exit code that follows from them.
#include "report/summary.h"

#include <doctest/doctest.h>

#include "report/world.h"
#include "support/audited.h"

namespace aka::report {
namespace {

TEST_CASE("a summary counts keys by their last poll and findings that are open") {
  const model::Snapshot world = test::small_world();
  CHECK(summarize(world) == Summary{9, 3, 7, 3, 1});
  CHECK(summarize(world, world.roster->organizations[0]) == Summary{5, 2, 7, 0, 0});
  CHECK(summarize(world, world.roster->organizations[1]) == Summary{4, 1, 0, 3, 1});
}

TEST_CASE("a failed poll leaves a key undetermined, and its findings open") {
  model::KeyStatus status;
  status.state = model::State::error;
  status.reason = model::Reason::timeout;
  status.findings = std::make_shared<const model::Findings>(2);
  const model::Snapshot world = test::snapshot_of(
      {test::organization_of("prod", test::kOrganization, {test::key({})})}, {status});
  CHECK(summarize(world) == Summary{1, 0, 2, 1});
}

TEST_CASE("only a missing key counts as judged among the keys that were not found") {
  for (const auto reason : {model::Reason::key_missing, model::Reason::org_missing}) {
    model::KeyStatus status;
    status.state = model::State::not_found;
    status.reason = reason;
    const model::Snapshot world = test::snapshot_of(
        {test::organization_of("prod", test::kOrganization, {test::key({})})}, {status});
    CHECK(summarize(world).undetermined == (reason == model::Reason::key_missing ? 0 : 1));
  }
}

TEST_CASE("findings win over what could not be judged") {
  CHECK(exit_code({3, 3, 0, 0}) == 0);
  CHECK(exit_code({3, 2, 0, 1}) == 1);
  CHECK(exit_code({3, 1, 1, 1}) == 2);
  CHECK(exit_code({3, 2, 4, 0}) == 2);
}

}  // namespace
}  // namespace aka::report
