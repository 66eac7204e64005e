// One table of what is found and said, then the laws for any chain and any damage.
#include "journal/verifier.h"

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <rapidcheck.h>

#include "journal/chain.h"

namespace aka::journal {
namespace {

using Journal = std::vector<Record>;

void append(Journal& journal, Draft draft) {
  const bool first = journal.empty();
  journal.push_back(seal(draft, first ? 1 : journal.back().seq + 1,
                         first ? kNoHash : std::string_view(journal.back().hash)));
}

Journal journal_of(int records) {
  Journal journal;
  for (int i = 0; i < records; ++i)
    append(journal, {.type = RecordType::state_changed, .data = fmt::format(R"({{"n":{}}})", i)});
  return journal;
}

/// As a store cuts: the front goes, a record that says so comes.
void cut(Journal& journal, std::size_t count) {
  const Record last_gone = journal[count - 1];
  append(journal,
         {.type = RecordType::retention_cut, .data = to_data({last_gone.seq, last_gone.hash})});
  journal.erase(journal.begin(), journal.begin() + static_cast<std::ptrdiff_t>(count));
}

std::string verdict(const Journal& journal, std::string_view head = {}) {
  Verifier verifier;
  for (const Record& record : journal) {
    if (const auto fault = verifier.take(record))
      return fmt::format("{}: {}", fault->seq, fault->reason);
  }
  const auto fault = verifier.finish(head);
  return fault ? fmt::format("{}: {}", fault->seq, fault->reason) : "";
}

std::string exported(const Journal& journal) {
  std::string text;
  for (const Record& record : journal) text += export_line(record) + "\n";
  return text;
}

bool export_holds(const std::string& text, std::string_view head) {
  Verifier verifier;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto record = parse_export_line(line);
    if (!record || verifier.take(*record)) return false;
  }
  return !verifier.finish(head);
}

TEST_SUITE("verifier") {
  TEST_CASE("a whole journal holds, an empty one too") {
    CHECK(verdict({}) == "");
    CHECK(verdict({}, kNoHash) == "");
    const Journal journal = journal_of(5);
    CHECK(verdict(journal) == "");
    CHECK(verdict(journal, journal.back().hash) == "");
  }

  TEST_CASE("it counts and names the span") {
    Verifier verifier;
    for (const Record& record : journal_of(3)) REQUIRE_FALSE(verifier.take(record));
    CHECK(verifier.records() == 3);
    CHECK(verifier.first().seq == 1);
    CHECK(verifier.last().seq == 3);
    CHECK(verifier.last().hash == journal_of(3).back().hash);
  }

  TEST_CASE("damage is found, with the record and why") {
    struct Case {
      const char* name;
      void (*damage)(Journal& journal);
      const char* verdict;
    };
    const Case cases[] = {
        {"data changed", [](Journal& j) { j[2].data = R"({"n":9})"; }, "3: its hash does not fit"},
        {"time changed", [](Journal& j) { j[2].time[0] = '3'; }, "3: its hash does not fit"},
        {"type changed", [](Journal& j) { j[2].type = "start"; }, "3: its hash does not fit"},
        {"organization put in", [](Journal& j) { j[2].org_id = "5f"; }, "3: its hash does not fit"},
        {"sealed anew",
         [](Journal& j) {
           j[2].data = "{}";
           j[2].hash = hash_of(j[2]);
         },
         "4: 'prev' is not the hash of record 3"},
        {"hash changed", [](Journal& j) { j[2].hash[0] ^= 1; }, "3: its hash does not fit"},
        {"prev changed", [](Journal& j) { j[2].prev[0] ^= 1; }, "3: 'prev' is not the hash of"},
        {"dropped", [](Journal& j) { j.erase(j.begin() + 2); }, "3: the record is missing: 4"},
        {"swapped", [](Journal& j) { std::swap(j[1], j[2]); }, "2: the record is missing: 3"},
        {"twice", [](Journal& j) { j.insert(j.begin() + 2, j[1]); }, "2: the record is out of"},
        {"spaces in data", [](Journal& j) { j[2].data = R"({"n": 2})"; }, "3: its data is not in"},
        {"members smuggled in", [](Journal& j) { j[2].data = R"({},"key_id":"x","org_id":null)"; },
         "3: its data is not in"},
        {"not UTF-8", [](Journal& j) { j[2].type = "\xff"; }, "3: the record holds bytes"},
        {"front gone", [](Journal& j) { j.erase(j.begin()); },
         "1: records 1 to 1 are missing, and no retention_cut"},
        {"begins with a prev", [](Journal& j) { j[0].prev[0] = '1'; }, "1: 'prev' of the first"},
        {"numbered from 0", [](Journal& j) { j[0].seq = 0; }, "0: records are numbered from 1"},
        {"more than the front cut off",
         [](Journal& j) {
           cut(j, 2);
           j.erase(j.begin());
         },
         "4: the journal begins here, but the newest retention_cut (record 6) removed the records "
         "up to 2"},
        {"a cut that kept the front",
         [](Journal& j) {
           const Record first = j.front();
           cut(j, 1);
           j.insert(j.begin(), first);
         },
         "1: the journal begins here, but the newest retention_cut (record 6)"},
        {"another cut's hash",
         [](Journal& j) {
           append(j, {.type = RecordType::retention_cut, .data = to_data({1, "f00"})});
           j.erase(j.begin());
         },
         "2: 'prev' is not the through_hash of the newest retention_cut (record 6)"},
        {"a cut that says nothing",
         [](Journal& j) { append(j, {.type = RecordType::retention_cut, .data = "{}"}); },
         "6: a retention_cut without"},
    };
    for (const Case& one : cases) {
      INFO(one.name);
      Journal journal = journal_of(5);
      one.damage(journal);
      const std::string said = verdict(journal);
      CHECK_MESSAGE(said.rfind(one.verdict, 0) == 0, said);
    }
  }

  TEST_CASE("a missing end is found by a witness of the head") {
    Journal journal = journal_of(5);
    const std::string head = journal.back().hash;
    journal.pop_back();
    CHECK(verdict(journal) == "");
    CHECK(verdict(journal, head).find("the end is missing") != std::string::npos);
    CHECK(verdict({}, head).find("the end is missing") != std::string::npos);
  }

  TEST_CASE("after any cuts the journal holds") {
    rc::check([] {
      Journal journal = journal_of(*rc::gen::inRange(1, 8));
      const int cuts = *rc::gen::inRange(1, 5);
      for (int i = 0; i < cuts; ++i) {
        cut(journal, *rc::gen::inRange<std::size_t>(1, journal.size() + 1));
        const int more = *rc::gen::inRange(0, 3);
        for (int n = 0; n < more; ++n) append(journal, {});
      }
      RC_ASSERT(verdict(journal, journal.back().hash).empty());
    });
  }

  TEST_CASE("any one byte of an export that is changed is found") {
    const Journal journal = [] {
      Journal made = journal_of(4);
      append(made,
             {.type = RecordType::drill, .org_id = "ä", .data = R"({"t":"\u001f\n😀 \ufffd"})"});
      cut(made, 2);
      return made;
    }();
    const std::string text = exported(journal);
    REQUIRE(export_holds(text, journal.back().hash));
    for (std::size_t at = 0; at + 1 < text.size(); ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        std::string changed = text;
        changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
        if (export_holds(changed, {})) FAIL("byte " << at << ", bit " << bit);
      }
    }
    rc::check([&text] {
      std::string changed = text;
      const auto at = *rc::gen::inRange<std::size_t>(0, text.size() - 1);
      changed[at] = static_cast<char>(changed[at] ^ *rc::gen::inRange(1, 256));
      RC_ASSERT(!export_holds(changed, {}));
    });
  }

  TEST_CASE("any record that is dropped or moved is found") {
    rc::check([] {
      const Journal journal = journal_of(*rc::gen::inRange(2, 9));
      const auto index = rc::gen::inRange<std::size_t>(0, journal.size());
      const auto from = *index;
      const auto to = *rc::gen::distinctFrom(index, from);
      Journal dropped = journal;
      dropped.erase(dropped.begin() + static_cast<std::ptrdiff_t>(from));
      RC_ASSERT(!verdict(dropped, journal.back().hash).empty());
      if (from + 1 < journal.size()) RC_ASSERT(!verdict(dropped).empty());
      Journal swapped = journal;
      std::swap(swapped[from], swapped[to]);
      RC_ASSERT(!verdict(swapped).empty());
    });
  }
}

}  // namespace
}  // namespace aka::journal
