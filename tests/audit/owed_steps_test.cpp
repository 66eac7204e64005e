// Steps of a reload that follow while polls go on.
#include "audit/owed_steps.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

using namespace aka;

namespace {

struct World {
  World() {
    model::Roster roster;
    for (const std::size_t keys : {std::size_t{2}, std::size_t{0}, std::size_t{3}}) {
      roster.organizations.emplace_back();
      roster.organizations.back().first_key = roster.key_count;
      for (std::size_t k = 0; k < keys; ++k) {
        roster.organizations.back().keys.emplace_back();
        roster.organizations.back().keys.back().name = std::to_string(roster.key_count++);
      }
    }
    table = std::make_unique<model::StatusTable>(
        std::make_shared<const model::Roster>(std::move(roster)), 3);
    observers.change = [this](const model::Organization&, const model::Key& key,
                              const policy::Advance&) { told.push_back("change " + key.name); };
    observers.steps.key = [this](const audit::KeyStep& step) {
      told.push_back(fmt::format("{} polls {} from {}", step.key.name,
                                 step.advance.after.conclusive_polls,
                                 to_string(step.advance.from)));
    };
    owed = std::make_unique<audit::OwedSteps>(*table, observers);
  }

  void carry(std::size_t index, policy::Advance advance) {
    table->set_key(index, advance.after);
    owed->owe(index, std::move(advance));
  }

  std::string words() { return fmt::format("{}", fmt::join(std::exchange(told, {}), ", ")); }

  audit::Observers observers;
  std::unique_ptr<model::StatusTable> table;
  std::unique_ptr<audit::OwedSteps> owed;
  std::vector<std::string> told;
};

policy::Advance unchanged(std::uint32_t polls) {
  policy::Advance advance;
  advance.after.state = model::State::compliant;
  advance.after.conclusive_polls = polls;
  advance.from = model::State::compliant;
  return advance;
}

}  // namespace

TEST_CASE("a key's owed step comes before any other, the rest in order, and each once") {
  World world;
  for (const std::size_t key : {std::size_t{0}, std::size_t{1}, std::size_t{3}, std::size_t{4}})
    world.carry(key, unchanged(static_cast<std::uint32_t>(key) + 10));
  world.owed->settle(3);
  CHECK(world.words() == "3 polls 13 from compliant");
  world.owed->settle(3);
  world.owed->settle(2);  // is new
  CHECK(world.words().empty());
  CHECK(world.owed->settle_next(1));
  CHECK(world.words() == "0 polls 10 from compliant");
  CHECK_FALSE(world.owed->settle_next(5));
  CHECK(world.words() == "1 polls 11 from compliant, 4 polls 14 from compliant");
  CHECK_FALSE(world.owed->settle_next(5));
  world.owed->settle(4);
  CHECK(world.words().empty());
}

TEST_CASE("what a reload changed of a key is told with its step") {
  World world;
  policy::Advance waived = unchanged(7);
  waived.state_changed = true;
  waived.from = model::State::drift;
  waived.changes.push_back({policy::ChangeKind::waived, {}});
  world.carry(4, waived);
  world.owed->settle(4);
  CHECK(world.words() == "change 4, 4 polls 7 from drift");
}

TEST_CASE("who owes nothing steps nowhere") {
  World world;
  world.owed->settle(1);
  CHECK_FALSE(world.owed->settle_next(10));
  CHECK(world.words().empty());
}
