// What pages of a list say of configured keys, where a list does not end, and when its silence
// about a key stands for an answer.
#include "audit/listing.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace std::chrono_literals;
using namespace aka;

namespace {

model::KeyId id_of(int number) {
  return *model::KeyId::parse(fmt::format("64aa11bb22cc33dd44ee{:04x}", number));
}

/// Its keys are configured in the order of the numbers.
model::Organization organization(const std::vector<int>& numbers) {
  model::Organization of;
  for (const int number : numbers) {
    of.keys.emplace_back();
    of.keys.back().id = id_of(number);
  }
  return of;
}

atlas::KeyPage page(const std::vector<int>& readable, const std::vector<int>& unreadable = {},
                    bool last = false) {
  atlas::KeyPage page;
  for (const int number : readable) {
    page.keys.emplace_back();
    page.keys.back().id = id_of(number);
    page.keys.back().description = std::to_string(number);
  }
  for (const int number : unreadable) page.unreadable.push_back({id_of(number), "has no 'roles'"});
  page.last = last;
  return page;
}

/// "0:7 2:invalid_body": the key at 0 has the description 7.
std::string words(const std::vector<audit::Told>& told) {
  std::string text;
  for (const audit::Told& one : told) {
    const auto* record = std::get_if<model::KeyRecord>(&one.answer);
    text += fmt::format("{}{}:{}", text.empty() ? "" : " ", one.key,
                        record != nullptr ? record->description
                                          : to_string(std::get<model::Failure>(one.answer).reason));
  }
  return text;
}

std::vector<std::uint32_t> keys(std::initializer_list<std::uint32_t> list) { return list; }

}  // namespace

TEST_SUITE("a walk through a list") {
  TEST_CASE("pages tell of configured keys, each once, and the rest is untold") {
    const model::Organization of = organization({7, 3, 5, 4});
    audit::ListPass pass(of);
    struct Row {
      atlas::KeyPage page;
      std::string told;
      std::vector<std::uint32_t> untold;
    };
    std::vector<Row> rows{
        {page({}), "", keys({0, 1, 2, 3})},
        {page({1, 2}, {9}), "", keys({0, 1, 2, 3})},
        {page({1, 7, 2}), "0:7", keys({1, 2, 3})},
        {page({7, 3}), "1:3", keys({2, 3})},              // 7 moved to a later page
        {page({5}, {5}), "2:5", keys({3})},               // the first word counts
        {page({8}, {4, 3}), "3:invalid_body", keys({})},  // not its neighbours' trouble
        {page({4}), "", keys({})},
    };
    for (Row& row : rows) {
      CHECK(words(pass.take(row.page)) == row.told);
      CHECK(pass.untold() == row.untold);
      CHECK(pass.told_all() == row.untold.empty());
    }
    pass.begin();
    CHECK(pass.untold() == keys({0, 1, 2, 3}));
    atlas::KeyPage again = page({4, 7});
    CHECK(words(pass.take(again)) == "3:4 0:7");
  }

  TEST_CASE("a key that cannot be read and has no id is nobody's") {
    const model::Organization of = organization({1});
    audit::ListPass pass(of);
    atlas::KeyPage hole;
    hole.unreadable.push_back({std::nullopt, "has no 'id'"});
    CHECK(pass.take(hole).empty());
    CHECK(pass.untold() == keys({0}));
  }

  TEST_CASE("what is not configured stays on the page") {
    const model::Organization of = organization({1});
    audit::ListPass pass(of);
    atlas::KeyPage mixed = page({1, 2});
    pass.take(mixed);
    CHECK(mixed.keys[1].description == "2");
  }
}

TEST_SUITE("the end of a list") {
  TEST_CASE("a page that comes twice in a row is told, one that shares keys is not") {
    audit::PageCount count;
    CHECK(count.next() == 1);
    CHECK(count.add(page({1, 2})).empty());
    CHECK(count.add(page({2, 3})).empty());
    CHECK(count.add(page({1, 2})).empty());
    CHECK(count.next() == 4);
    CHECK(count.add(page({1, 2})) ==
          "page 4 of the list of keys is page 3 once more: what answers does not look at the "
          "number of the page; check atlas.base_url and what stands before it");
  }

  TEST_CASE("the last page is never one too many, and empty ones have nothing in common") {
    audit::PageCount count;
    CHECK(count.add(page({1})).empty());
    CHECK(count.add(page({1}, {}, true)).empty());
    CHECK(count.add(page({}, {1})).empty());
    CHECK(count.add(page({}, {1})).empty());
  }

  TEST_CASE("a list of 2,000 pages has no end") {
    audit::PageCount count;
    for (int i = 1; i < 2000; ++i) REQUIRE(count.add(page({i})).empty());
    CHECK(count.add(page({2000})) == "the list of keys has no end: page 2000 names a next one");
  }
}

TEST_SUITE("a key that the list lacks") {
  /// A key that was asked for by itself 10 s ago and is gone.
  model::KeyStatus gone(int polls) {
    model::KeyStatus status;
    status.evidence = model::Evidence::missing;
    status.last_poll = status.last_success = base::WallTime{100s};
    status.last_success_steady = base::SteadyTime{1h};
    status.judged_by_current_policy = true;
    status.streaks.not_found = static_cast<std::uint16_t>(polls);
    status.streaks.gone = static_cast<std::uint16_t>(polls);
    status.streaks.found = 0;
    return status;
  }

  TEST_CASE(
      "its own last answers may stand for one more, if they were sure and nothing came since") {
    model::Key present;
    model::Key absent;
    absent.expect = model::Expectation::absent;
    const auto known = [&](const model::KeyStatus& status, const model::Key& key,
                           base::Duration since = 10s) {
      return audit::is_known_gone(status, key, 2, base::SteadyTime{1h} + since, 3min);
    };
    for (const model::Key& key : {present, absent}) {
      CHECK_FALSE(known(model::KeyStatus{}, key));
      CHECK_FALSE(known(gone(1), key));
      CHECK(known(gone(2), key));
      CHECK(known(gone(2), key, 3min));
      CHECK_FALSE(known(gone(2), key, 3min + 1ms));
      model::KeyStatus failed = gone(2);
      failed.last_poll += 1s;
      CHECK_FALSE(known(failed, key));
      model::KeyStatus was_there = gone(2);
      was_there.evidence = model::Evidence::record;
      CHECK_FALSE(known(was_there, key));
      model::KeyStatus other_policy = gone(2);
      other_policy.judged_by_current_policy = false;
      CHECK_FALSE(known(other_policy, key));
    }
  }
}
