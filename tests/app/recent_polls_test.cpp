// What a ring of facts tells of the last polls to whoever takes over.
#include "app/recent_polls.h"

#include <doctest/doctest.h>

#include "support/fake_clock.h"

namespace aka::app {
namespace {

incident::Scope scope(const char* key) {
  return {model::OrganizationId::parse("5f1a2b3c4d5e6f7a8b9c0d1e").value(),
          model::KeyId::parse(key).value()};
}

TEST_CASE("polls are read back with the latest time, never too late") {
  testing::FakeClock clock;
  const incident::Scope one = scope("64aa11bb22cc33dd44ee55f1");
  const incident::Scope two = scope("64aa11bb22cc33dd44ee55f2");
  RecentPolls polls;
  CHECK_FALSE(polls.take(clock.wall()).has_value());
  const base::WallTime first = clock.wall();
  std::vector<store::Fact> facts;
  polls.add(one);
  polls.add(two);
  clock.advance(std::chrono::seconds(2));
  facts.push_back(polls.take(clock.wall()).value());
  const base::WallTime second = clock.wall();
  polls.add(two);
  clock.advance(std::chrono::seconds(2));
  facts.push_back(polls.take(clock.wall()).value());
  CHECK(facts[0].id != facts[1].id);
  const auto times = RecentPolls::read(facts);
  CHECK(times.size() == 2);
  CHECK(times.at(one) == first);
  CHECK(times.at(two) == second);
  // The ring comes round, so that the store does not grow.
  polls.add(one);
  clock.advance(std::chrono::seconds(1198));
  CHECK(polls.take(clock.wall())->id == facts[0].id);
}

TEST_CASE("other facts of the daemon are no polls") {
  CHECK(RecentPolls::read({{store::FactKind::daemon, "sinks", "[] x"},
                           {store::FactKind::daemon, "polled/1", "garbage of/no key"}})
            .empty());
}

}  // namespace
}  // namespace aka::app
