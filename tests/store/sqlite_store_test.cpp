// The contract, and what is SQLite's own: the file, its modes, its one owner.
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "store/sqlite_backend.h"
#include "support/fake_clock.h"

namespace aka::store {
namespace {

namespace fs = std::filesystem;
using aka::testing::FakeClock;
using testing::noted;
using testing::SqliteBackend;

TEST_SUITE("SQLite store") {
  TEST_CASE("it keeps the contract") {
    testing::check_contract([] { return std::make_unique<SqliteBackend>(); });
  }

  TEST_CASE("only its owner can read it") {
    SqliteBackend backend;
    const FakeClock clock;
    const auto store = backend.open(clock);
    const Transition note = noted("x");
    REQUIRE(store->commit(std::span(&note, 1)).has_value());
    CHECK(fs::status(backend.directory()).permissions() == fs::perms::owner_all);
    const auto owner_only = fs::perms::owner_read | fs::perms::owner_write;
    int files = 0;
    for (const auto& entry : fs::directory_iterator(backend.directory())) {
      INFO(entry.path());
      CHECK(entry.status().permissions() == owner_only);
      ++files;
    }
    CHECK(files == 4);
  }

  TEST_CASE("a key's newest records are read while the store is open") {
    SqliteBackend backend;
    const FakeClock clock;
    const auto store = backend.open(clock);
    const std::string org(24, 'a');
    const std::string key(24, 'b');
    Transition records;
    for (int i = 0; i < 6; ++i) {
      records.records.push_back({.type = journal::RecordType::state_changed,
                                 .org_id = org,
                                 .key_id = i % 2 == 0 ? key : std::string(24, 'c'),
                                 .data = fmt::format(R"({{"n":{}}})", i)});
    }
    records.records.push_back({.type = journal::RecordType::checkpoint, .org_id = org});
    REQUIRE(store->commit(std::span(&records, 1)).has_value());
    const auto reader = open_sqlite_journal(backend.path());
    REQUIRE(reader.has_value());
    const auto newest = (*reader)->newest_of(org, key, 2);
    REQUIRE(newest.has_value());
    REQUIRE(newest->size() == 2);
    CHECK(newest->at(0).data == R"({"n":4})");
    CHECK(newest->at(1).data == R"({"n":2})");
    CHECK(newest->at(1).hash == backend.records().at(2).hash);
    CHECK((*reader)->newest_of(org, "", 2)->empty());
  }

  TEST_CASE("a directory more than one level away is not made") {
    const aka::testing::ScratchDirectory directory;
    const FakeClock clock;
    const std::string path = (directory.path() / "no/such/journal.db").string();
    const auto store = open_sqlite_store(path, clock);
    REQUIRE_FALSE(store.has_value());
    CHECK(store.error().kind == base::ErrorKind::not_found);
    CHECK(store.error().message.find(path) != std::string::npos);
    CHECK_FALSE(fs::exists(directory.path() / "no"));
  }

  TEST_CASE("a second owner is told who the first is") {
    SqliteBackend backend;
    const FakeClock clock;
    auto store = backend.open(clock);
    const auto second = open_sqlite_store(backend.path(), clock);
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().kind == base::ErrorKind::busy);
    CHECK(second.error().message.find(fmt::format("process {} has the store", ::getpid())) !=
          std::string::npos);
    store.reset();
    CHECK(open_sqlite_store(backend.path(), clock).has_value());
  }

  TEST_CASE("an owner that was killed leaves the store free") {
    SqliteBackend backend;
    const FakeClock clock;
    int ready[2];
    REQUIRE(::pipe(ready) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      const auto store = open_sqlite_store(backend.path(), clock);
      const char said = store ? '1' : '0';
      if (::write(ready[1], &said, 1) == 1) ::pause();
      ::_exit(1);
    }
    char said = 0;
    REQUIRE(::read(ready[0], &said, 1) == 1);
    CHECK(said == '1');
    const auto refused = open_sqlite_store(backend.path(), clock);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().message.find(fmt::format("process {}", child)) != std::string::npos);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    CHECK(open_sqlite_store(backend.path(), clock).has_value());
    ::close(ready[0]);
    ::close(ready[1]);
  }
}

}  // namespace
}  // namespace aka::store
