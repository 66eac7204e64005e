// kill -9 at any moment: what was reported as committed is there, and nothing is there by half.
#include <algorithm>
#include <csignal>
#include <cstdint>
#include <random>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "store/sqlite_backend.h"
#include "support/fake_clock.h"

namespace aka::store {
namespace {

using aka::testing::FakeClock;
using testing::SqliteBackend;

/// Commits until it is killed; after each commit it writes the head's seq to `progress`. Each
/// commit is two records, one fact that counts commits, and one outbox entry.
[[noreturn]] void commit_for_ever(const std::string& path, const base::Clock& clock, int progress) {
  auto store = open_sqlite_store(path, clock);
  if (!store) ::_exit(2);
  const auto restored = (*store)->restore();
  if (!restored) ::_exit(3);
  for (std::int64_t next = restored->head.seq / 2 + 1;; ++next) {
    Transition both = testing::noted(fmt::format("{} {}", next, std::string(3000, 'x')));
    both.records.push_back(both.records.front());
    both.facts.push_back({FactKind::daemon, "commits", fmt::format("{}", next)});
    both.outbox.push_back({next, "sink", "alert", {}});
    const auto head = (*store)->commit(std::span(&both, 1));
    if (!head) ::_exit(4);
    if (::write(progress, &head->seq, sizeof head->seq) != sizeof head->seq) ::_exit(5);
  }
}

/// Runs a child that is killed after some commits and some more microseconds; the last seq that it
/// said was committed.
std::int64_t run_and_kill(const std::string& path, const base::Clock& clock, int commits,
                          std::chrono::microseconds more) {
  int progress[2];
  REQUIRE(::pipe(progress) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::close(progress[0]);
    commit_for_ever(path, clock, progress[1]);
  }
  ::close(progress[1]);
  std::int64_t seq = 0;
  for (int i = 0; i < commits; ++i) REQUIRE(::read(progress[0], &seq, sizeof seq) == sizeof seq);
  ::usleep(static_cast<useconds_t>(more.count()));  // not for an event: to be killed at any moment
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  std::int64_t later = 0;
  while (::read(progress[0], &later, sizeof later) == sizeof later) seq = later;
  ::close(progress[0]);
  return seq;
}

TEST_SUITE("SQLite store, killed") {
  TEST_CASE("at any moment, all that was committed is there and nothing by half") {
    SqliteBackend backend;
    const FakeClock clock;
    std::mt19937 random(4);
    for (int round = 0; round < 40; ++round) {
      const std::chrono::microseconds more(random() % 2000);
      const std::int64_t promised =
          run_and_kill(backend.path(), clock, static_cast<int>(random() % 4) + 1, more);
      const auto store = backend.open(clock);
      const auto restored = store->restore();
      REQUIRE(restored.has_value());
      // The last commit may have been done just before its report.
      CHECK(restored->head.seq >= promised);
      CHECK(restored->head.seq <= promised + 2);
      const std::int64_t commits = restored->head.seq / 2;
      CHECK(restored->head.seq % 2 == 0);
      REQUIRE(restored->facts.size() == 1);
      CHECK(restored->facts[0].value == fmt::format("{}", commits));
      CHECK(restored->outbox.size() == static_cast<std::size_t>(commits));
      CHECK(testing::fault_in(backend.records(), restored->head) == "");
    }
    for (const auto& entry : std::filesystem::directory_iterator(backend.directory()))
      CHECK(entry.path().string().find(".damaged-") == std::string::npos);
  }
}

}  // namespace
}  // namespace aka::store
