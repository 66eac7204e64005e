// Which keys a page shows, and in which order.
#include "page/board.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "page/watched.h"
#include "report/world.h"

namespace aka::page {
namespace {

using model::FindingKind;
using model::Reason;
using model::Severity;
using model::State;
using testing::finding;
using testing::judged;
using testing::key_named;

std::vector<std::string> names_of(const model::Snapshot& snapshot, const Filter& filter = {}) {
  std::vector<std::string> names;
  for (const Entry& entry : board_of(snapshot, filter).entries) {
    with_view(snapshot, entry,
              [&](const report::KeyView& view) { names.push_back(view.key.name); });
  }
  return names;
}

model::Snapshot mixed() {
  return testing::snapshot(
      {key_named("good", 1), key_named("info", 2), key_named("refused", 3),
       key_named("critical", 4, "build"), key_named("warning", 5), key_named("new", 6)},
      {judged(),
       judged({finding(FindingKind::description_mismatch, Severity::info)}),
       testing::failed(State::forbidden, Reason::denied),
       judged({finding(FindingKind::role_missing, Severity::warning, "ORG_MEMBER"),
               finding(FindingKind::role_forbidden, Severity::critical, "ORG_OWNER")}),
       judged({finding(FindingKind::role_missing, Severity::warning, "ORG_MEMBER")}),
       {}});
}

TEST_CASE("the worst come first") {
  CHECK(names_of(mixed()) ==
        std::vector<std::string>{"critical", "warning", "info", "refused", "new", "good"});
}

TEST_CASE("a filter picks by name, owner, role, state and severity") {
  const auto filtered = [](const std::function<void(Filter&)>& set) {
    Filter filter;
    set(filter);
    return names_of(mixed(), filter);
  };
  using Names = std::vector<std::string>;
  CHECK(filtered([](Filter& f) { f.search = "GOO"; }) == Names{"good"});
  CHECK(filtered([](Filter& f) { f.search = "44ee0003"; }) == Names{"refused"});
  CHECK(filtered([](Filter& f) { f.search = "org_owner"; }) == Names{"critical"});
  CHECK(filtered([](Filter& f) { f.search = "description_mis"; }) == Names{"info"});
  CHECK(filtered([](Filter& f) { f.search = "nothing such"; }).empty());
  CHECK(filtered([](Filter& f) { f.owner = "build"; }) == Names{"critical"});
  CHECK(filtered([](Filter& f) { f.organization = "acme"; }).size() == 6);
  CHECK(filtered([](Filter& f) { f.organization = "other"; }).empty());
  CHECK(filtered([](Filter& f) { f.standing = Standing::forbidden; }) == Names{"refused"});
  CHECK(filtered([](Filter& f) { f.severity = Severity::warning; }) == Names{"warning"});
}

TEST_CASE("counts by state do not depend on the state that is asked for") {
  Filter filter;
  filter.standing = Standing::compliant;
  const Board board = board_of(mixed(), filter);
  CHECK(board.matching == 1);
  CHECK(board.standings[static_cast<std::size_t>(Standing::findings)] == 3);
  CHECK(board.keys == 6);
  CHECK(board.findings == 4);
  CHECK(board.drifting == 3);
  CHECK(board.unjudged == 2);
  CHECK(board.owners == std::set<std::string>{"build", "platform"});
}

TEST_CASE("every key is on exactly one page") {
  std::vector<model::Key> keys;
  for (int i = 0; i < 250; ++i) keys.push_back(key_named(fmt::format("k{}", i), i));
  std::vector<model::KeyStatus> statuses(250, judged());
  statuses[249] = judged({finding(FindingKind::role_missing, Severity::info, "A")});
  const model::Snapshot snapshot = testing::snapshot(std::move(keys), statuses);
  std::set<std::string> seen;
  for (std::size_t page = 1; page <= 3; ++page) {
    Filter filter;
    filter.page = page;
    const auto names = names_of(snapshot, filter);
    CHECK(names.size() == (page < 3 ? 100 : 50));
    if (page == 1) CHECK(names.front() == "k249");
    seen.insert(names.begin(), names.end());
  }
  CHECK(seen.size() == 250);
  Filter beyond;
  beyond.page = 99;
  CHECK(board_of(snapshot, beyond).page == 3);
}

TEST_CASE("unlisted keys are among the findings") {
  const model::Snapshot snapshot = test::small_world();
  const Board board = board_of(snapshot, {});
  CHECK(board.drifting == 4);
  CHECK(names_of(snapshot).at(3) == "64aa11bb22cc33dd44ee55ff");
}

}  // namespace
}  // namespace aka::page
