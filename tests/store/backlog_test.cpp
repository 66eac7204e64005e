// The law of the queue: whatever is dropped and given back, the facts and the outbox come to the
// same, and records keep their order.
#include "store/backlog.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <rapidcheck.h>

namespace aka::store {
namespace {

/// What a database would hold.
struct State {
  std::map<std::string, std::string> facts;
  std::map<std::int64_t, std::string> outbox;
  std::vector<std::string> records;
  std::size_t lost = 0;

  void apply(const Transition& transition) {
    for (const journal::Draft& draft : transition.records) {
      if (draft.type == journal::RecordType::journal_recovered)
        lost += std::stoul(draft.data.substr(draft.data.find(':') + 1));
      else
        records.push_back(draft.data);
    }
    for (const Fact& fact : transition.facts) {
      facts.erase(fact.id);
      if (fact.value) facts[fact.id] = *fact.value;
    }
    for (const OutboxEntry& entry : transition.outbox) outbox[entry.id] = entry.alert;
    for (const std::int64_t id : transition.delivered) outbox.erase(id);
  }
};

Transition any_transition(int number) {
  Transition one{.records = {{.data = fmt::format("{:06}", number)}}};
  const auto value =
      *rc::gen::element(std::optional<std::string>(), std::optional<std::string>("a"),
                        std::optional<std::string>("b"));
  one.facts.push_back({FactKind::key, fmt::format("{}", *rc::gen::inRange(0, 3)), value});
  if (*rc::gen::arbitrary<bool>()) one.outbox.push_back({number, "sink", "x", {}});
  if (*rc::gen::arbitrary<bool>()) one.delivered.push_back(*rc::gen::inRange(0, number + 1));
  return one;
}

TEST_SUITE("backlog") {
  TEST_CASE("nothing that a restart needs is lost, and what is lost is counted") {
    rc::check([] {
      Backlog backlog(*rc::gen::inRange<std::size_t>(1, 6));
      State expected;
      State disk;
      int number = 0;
      const auto push = [&](int count) {
        for (int i = 0; i < count; ++i) {
          const Transition one = any_transition(number++);
          expected.apply(one);
          backlog.push(one, nullptr);
        }
      };
      for (int round = *rc::gen::inRange(1, 8); round > 0; --round) {
        push(*rc::gen::inRange(0, 8));
        Backlog::Batch batch = backlog.take(*rc::gen::inRange<std::size_t>(1, 5), {});
        push(*rc::gen::inRange(0, 8));
        if (*rc::gen::arbitrary<bool>()) {
          for (const Transition& one : batch.transitions) disk.apply(one);
          backlog.committed();
        } else {
          backlog.give_back(std::move(batch.transitions), batch.leads_with_remnant);
        }
      }
      while (!backlog.empty()) {
        for (const Transition& one : backlog.take(2, {}).transitions) disk.apply(one);
        backlog.committed();
      }
      RC_ASSERT(disk.facts == expected.facts);
      RC_ASSERT(disk.outbox == expected.outbox);
      RC_ASSERT(disk.records.size() + disk.lost == expected.records.size());
      RC_ASSERT(std::is_sorted(disk.records.begin(), disk.records.end()));
    });
  }
}

}  // namespace
}  // namespace aka::store
