// Fills a store for tests of the commands: `journal_seed PATH RECORDS [CUT_DAYS]`. A record each
// hour from 2026-11-24 on; then the days before the CUT_DAYS-th are cut. Prints the head's hash.
#include <cstdlib>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "store/sqlite/sqlite_store.h"
#include "support/fake_clock.h"

namespace {

using namespace aka;

store::Transition hour(int number, base::WallTime time) {
  return {
      .records = {{.time = time,
                   .type = number % 2 == 0 ? journal::RecordType::finding_opened
                                           : journal::RecordType::checkpoint,
                   .org_id = "5f1a2b3c4d5e6f7a8b9c0d1e",
                   .key_id = number % 2 == 0 ? "64aa11bb22cc33dd44ee55f1" : "",
                   .data = fmt::format(
                       R"({{"n":{},"text":"ä😀\u202e\n\u001f\u007f\"","list":[null,true,{{}}]}})",
                       number)}}};
}

int fill(const std::string& path, int records, int cut_days) {
  testing::FakeClock clock;
  auto opened = store::open_sqlite_store(path, clock);
  if (!opened) {
    fmt::print(stderr, "{}\n", opened.error().message);
    return 1;
  }
  store::Store& store = **opened;
  const base::WallTime first = clock.wall();
  for (int written = 0; written < records;) {
    std::vector<store::Transition> group;
    for (; written < records && group.size() < 5000; ++written)
      group.push_back(hour(written, first + std::chrono::hours(written)));
    if (!store.commit(group)) return 1;
  }
  clock.set_wall(first + std::chrono::hours(records));
  for (int day = 1; day <= cut_days; ++day)
    if (!store.cut(first + std::chrono::days(day))) return 1;
  const auto restored = store.restore();
  if (!restored) return 1;
  fmt::print("{}\n", restored->head.hash);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 64;
  return fill(argv[1], std::atoi(argv[2]), argc > 3 ? std::atoi(argv[3]) : 0);
}
