// What may look good, and what may not.
#include "page/standing.h"

#include <vector>

#include <doctest/doctest.h>

#include "page/watched.h"

namespace aka::page {
namespace {

using model::FindingKind;
using model::KeyStatus;
using model::Reason;
using model::Severity;
using model::State;

const model::Findings kOpen{testing::finding(FindingKind::role_missing, Severity::warning, "A")};

KeyStatus with(KeyStatus status, const std::function<void(KeyStatus&)>& change) {
  change(status);
  return status;
}

model::Findings waived() {
  model::Findings findings = kOpen;
  findings.front().waived = true;
  return findings;
}

TEST_CASE("a key is good only while that is proven") {
  struct Case {
    std::string name;
    KeyStatus status;
    Standing standing;
  };
  const std::vector<Case> cases{
      {"proven of late", testing::judged(), Standing::compliant},
      {"proven but for what is waived", testing::judged(waived()), Standing::compliant},
      {"proven, but too long ago",
       with(testing::judged(),
            [](KeyStatus& status) {
              status.last_success_steady = base::SteadyTime(std::chrono::minutes(104));
            }),
       Standing::stale},
      {"proven, but by another policy",
       with(testing::judged(), [](KeyStatus& status) { status.judged_by_current_policy = false; }),
       Standing::stale},
      {"never polled", {}, Standing::pending},
      {"open findings", testing::judged(kOpen), Standing::findings},
      {"open findings that nobody can see now",
       with(testing::judged(kOpen),
            [](KeyStatus& status) {
              status.state = State::forbidden;
              status.reason = Reason::denied;
            }),
       Standing::findings},
      {"proven a minute ago, refused now",
       with(testing::judged(),
            [](KeyStatus& status) {
              status.state = State::forbidden;
              status.reason = Reason::denied;
            }),
       Standing::forbidden},
      {"unauthorized", testing::failed(State::unauthorized, Reason::bad_credentials),
       Standing::unauthorized},
      {"organization missing", testing::failed(State::not_found, Reason::org_missing),
       Standing::not_found},
      {"error", testing::failed(State::error, Reason::timeout), Standing::error},
      {"rate limited", testing::failed(State::rate_limited, Reason::throttled),
       Standing::rate_limited},
  };
  for (const Case& row : cases) {
    CAPTURE(row.name);
    const model::Snapshot snapshot = testing::snapshot({testing::key_named("ci", 1)}, {row.status});
    const model::Organization& organization = snapshot.roster->organizations.front();
    CHECK(standing_of({organization, organization.keys.front(), snapshot.status(0)}, snapshot) ==
          row.standing);
    const std::string page = testing::status_page(snapshot);
    const bool green = testing::holds(page, R"(<span class="badge good">compliant</span>)");
    CHECK(green == (row.standing == Standing::compliant));
    CHECK(testing::holds(page, R"(<h1 class="good">)") == (row.standing == Standing::compliant));
  }
}

TEST_CASE("names are read back") {
  for (const Standing standing : kStandings) CHECK(parse_standing(to_string(standing)) == standing);
  CHECK_FALSE(parse_standing("green").has_value());
  CHECK_FALSE(parse_standing("").has_value());
}

}  // namespace
}  // namespace aka::page
