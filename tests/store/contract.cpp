// The suite that every store must pass. Entry point: check_contract().
#include "store/contract.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "journal/canonical_json.h"
#include "journal/chain.h"
#include "journal/cut.h"
#include "journal/verifier.h"
#include "support/fake_clock.h"

namespace aka::store::testing {
namespace {

using aka::testing::FakeClock;
using Records = std::vector<journal::Record>;
using std::chrono::days;

Head commit(Store& store, const std::vector<Transition>& transitions) {
  const auto head = store.commit(transitions);
  REQUIRE_MESSAGE(head.has_value(), head.error().message);
  return *head;
}

Restored restored(Store& store) {
  auto all = store.restore();
  REQUIRE_MESSAGE(all.has_value(), all.error().message);
  return *std::move(all);
}

void check_new(Backend& backend) {
  const FakeClock clock;
  const auto store = backend.open(clock);
  const Restored all = restored(*store);
  CHECK(all.head == Head{0, std::string(journal::kNoHash)});
  CHECK(all.facts.empty());
  CHECK(all.outbox.empty());
  CHECK(all.last_outbox_id == 0);
  CHECK(backend.records().empty());
}

void check_chain(Backend& backend) {
  const FakeClock clock;
  auto store = backend.open(clock);
  Transition first = noted("first");
  first.records.front().org_id = "5f1a2b3c4d5e6f7a8b9c0d1e";
  first.records.front().time = clock.wall();
  const Head head = commit(*store, {first, noted("second"), {}});
  CHECK(head.seq == 2);
  CHECK(fault_in(backend.records(), head) == "");
  const journal::Record record = backend.records().front();
  CHECK(record == journal::seal(first.records.front(), 1, journal::kNoHash));
  store.reset();
  store = backend.open(clock);
  CHECK(restored(*store).head == head);
  CHECK(fault_in(backend.records(), commit(*store, {noted("third")})) == "");
  CHECK(backend.records().size() == 3);
}

void check_facts(Backend& backend) {
  const FakeClock clock;
  auto store = backend.open(clock);
  const std::string bytes("a\0\xff\"'", 5);
  commit(*store, {{.facts = {{FactKind::key, "k", "old"}, {FactKind::seen, "k", "1"}}},
                  {.facts = {{FactKind::key, "k", bytes},
                             {FactKind::alert, "gone", "x"},
                             {FactKind::configuration, "", ""}}},
                  {.facts = {{FactKind::alert, "gone", {}}, {FactKind::alert, "never was", {}}}}});
  CHECK(restored(*store).head.seq == 0);
  const std::vector<Fact> expected{
      {FactKind::configuration, "", ""}, {FactKind::key, "k", bytes}, {FactKind::seen, "k", "1"}};
  CHECK(restored(*store).facts == expected);
  store.reset();
  CHECK(restored(*backend.open(clock)).facts == expected);
}

void check_every_kind(Backend& backend) {
  const FakeClock clock;
  const auto store = backend.open(clock);
  Transition all;
  for (int kind = 0; kind <= static_cast<int>(FactKind::daemon); ++kind)
    all.facts.push_back({static_cast<FactKind>(kind), "id", fmt::format("{}", kind)});
  commit(*store, {all});
  for (const Fact& fact : restored(*store).facts)
    CHECK(fact.value == fmt::format("{}", static_cast<int>(fact.kind)));
  CHECK(restored(*store).facts.size() == all.facts.size());
}

void check_outbox(Backend& backend) {
  const FakeClock clock;
  auto store = backend.open(clock);
  const OutboxEntry one{1, "soc", "{\"a\":1}", clock.wall()};
  const OutboxEntry two{2, "am", "{\"a\":2}", clock.wall() + std::chrono::milliseconds(1)};
  commit(*store, {{.outbox = {two, one}}, {.outbox = {{7, "am", "x", clock.wall()}}}});
  commit(*store, {{.delivered = {7, 99}}});
  for (int opened = 0; opened < 2; ++opened) {
    CHECK(restored(*store).outbox == std::vector<OutboxEntry>{one, two});
    CHECK(restored(*store).last_outbox_id == 7);
    store.reset();
    store = backend.open(clock);
  }
  const OutboxEntry again{2, "am", "{}", clock.wall()};
  commit(*store, {{.outbox = {again}}});
  CHECK(restored(*store).outbox == std::vector<OutboxEntry>{one, again});
}

/// One record at 06:00 of each of `count` days, the first today.
Head fill_days(Store& store, FakeClock& clock, int count) {
  Head head;
  for (int day = 0; day < count; ++day) {
    Transition note = noted(fmt::format("day {}", day));
    note.records.front().time = clock.wall() + std::chrono::hours(6);
    head = commit(store, {note});
    clock.advance(days(1));
  }
  return head;
}

Head cut(Store& store, base::WallTime before) {
  const auto head = store.cut(before);
  REQUIRE_MESSAGE(head.has_value(), head.error().message);
  return *head;
}

void check_cut(Backend& backend) {
  FakeClock clock;
  const base::WallTime midnight = clock.wall();
  const auto store = backend.open(clock);
  const Head full = fill_days(*store, clock, 5);
  CHECK(cut(*store, midnight) == full);
  CHECK(cut(*store, midnight + days(1) - std::chrono::milliseconds(1)) == full);
  const Records before = backend.records();
  REQUIRE(before.size() == 5);
  const Head once = cut(*store, midnight + days(2) + std::chrono::hours(12));
  Records after = backend.records();
  CHECK(once.seq == 6);
  CHECK(after.front() == before[2]);
  CHECK(after.back().type == "retention_cut");
  CHECK(after.back().time == "2026-11-29T00:00:00Z");
  const auto said = journal::parse_cut(after.back().data);
  REQUIRE(said.has_value());
  CHECK(said->through_seq == 2);
  CHECK(said->through_hash == before[1].hash);
  CHECK(fault_in(after, once) == "");
  CHECK(cut(*store, midnight + days(2)) == once);
  const Head twice = cut(*store, midnight + days(4));
  CHECK(backend.records().front() == before[4]);
  CHECK(fault_in(backend.records(), twice) == "");
}

void check_cut_of_all(Backend& backend) {
  FakeClock clock;
  auto store = backend.open(clock);
  CHECK(cut(*store, clock.wall()).seq == 0);
  fill_days(*store, clock, 3);
  clock.advance(days(1));
  const Head head = cut(*store, clock.wall());
  CHECK(head.seq == 4);
  CHECK(backend.records().size() == 1);
  CHECK(fault_in(backend.records(), head) == "");
  store.reset();
  store = backend.open(clock);
  CHECK(fault_in(backend.records(), commit(*store, {noted("on")})) == "");
}

/// Records around midnight, with and without milliseconds.
void check_cut_at_midnight(Backend& backend) {
  FakeClock clock;
  const base::WallTime midnight = clock.wall();
  const auto store = backend.open(clock);
  for (const int offset : {-1, 0, 1}) {
    Transition note = noted("near midnight");
    note.records.front().time = midnight + std::chrono::milliseconds(offset);
    commit(*store, {note});
  }
  const Head head = cut(*store, midnight);
  CHECK(backend.records().front().seq == 2);
  CHECK(fault_in(backend.records(), head) == "");
}

/// A clock that was wrong once: only what stands before the first younger record goes.
void check_cut_is_from_the_front(Backend& backend) {
  FakeClock clock;
  const auto store = backend.open(clock);
  for (const int day : {0, 9, 1}) {
    Transition note = noted("leap");
    note.records.front().time = clock.wall() + days(day);
    commit(*store, {note});
  }
  const Head head = cut(*store, clock.wall() + days(5));
  CHECK(backend.records().size() == 3);
  CHECK(fault_in(backend.records(), head) == "");
}

}  // namespace

Transition noted(const std::string& text) {
  return {.records = {{.time = {},
                       .type = journal::RecordType::drill,
                       .data = fmt::format(R"({{"note":{}}})", journal::canonical_text(text))}}};
}

std::string fault_in(const std::vector<journal::Record>& records, const Head& head) {
  journal::Verifier verifier;
  for (const journal::Record& record : records) {
    if (const auto fault = verifier.take(record))
      return fmt::format("{}: {}", fault->seq, fault->reason);
  }
  if (const auto fault = verifier.finish(head.hash))
    return fmt::format("{}: {}", fault->seq, fault->reason);
  return "";
}

void check_contract(const std::function<std::unique_ptr<Backend>()>& make) {
  const auto backend = make();
  SUBCASE("a new store is empty") { check_new(*backend); }
  SUBCASE("records become a chain that goes on after a restart") { check_chain(*backend); }
  SUBCASE("a fact replaces the one before, or forgets it") { check_facts(*backend); }
  SUBCASE("every kind of fact comes back as what it was") { check_every_kind(*backend); }
  SUBCASE("the outbox keeps what is not delivered") { check_outbox(*backend); }
  SUBCASE("a cut removes whole days and the chain holds") { check_cut(*backend); }
  SUBCASE("a cut may remove all that is there") { check_cut_of_all(*backend); }
  SUBCASE("a cut is at midnight, to the millisecond") { check_cut_at_midnight(*backend); }
  SUBCASE("a cut is from the front") { check_cut_is_from_the_front(*backend); }
}

}  // namespace aka::store::testing
