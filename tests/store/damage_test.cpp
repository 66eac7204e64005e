// A store whose bytes are not what they must be: set aside as they are, and told of.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sqlite3.h>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "journal/chain.h"
#include "store/sqlite_backend.h"
#include "support/fake_clock.h"

namespace aka::store {
namespace {

namespace fs = std::filesystem;
using aka::testing::FakeClock;
using testing::noted;
using testing::SqliteBackend;

std::string bytes_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void write(const fs::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

void execute(const std::string& path, const char* sql) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
  CHECK(sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
  REQUIRE(sqlite3_close(database) == SQLITE_OK);
}

void fill(SqliteBackend& backend, const base::Clock& clock, int records) {
  const auto store = backend.open(clock);
  for (int i = 0; i < records; ++i) {
    Transition note = noted(fmt::format("{} {}", i, std::string(500, 'x')));
    note.facts = {{FactKind::key, fmt::format("{}", i), "x"}};
    REQUIRE(store->commit(std::span(&note, 1)).has_value());
  }
}

TEST_SUITE("SQLite store, damaged") {
  TEST_CASE("it is set aside as it is, and the new journal begins with why") {
    struct Case {
      const char* name;
      void (*damage)(const std::string& path);
      const char* why;
    };
    const Case cases[] = {
        {"no database", [](const std::string& path) { write(path, std::string(9000, 'z')); },
         "not a database"},
        {"cut short", [](const std::string& path) { fs::resize_file(path, 9000); }, "malformed"},
        {"a page of zeros",
         [](const std::string& path) {
           std::string bytes = bytes_of(path);
           bytes.replace(3 * 4096, 4096, std::string(4096, '\0'));
           write(path, bytes);
         },
         ""},
        {"newest record changed",
         [](const std::string& path) {
           execute(path, "UPDATE journal SET data = '{}' WHERE seq = 50");
         },
         "the newest record (50) does not fit its hash"},
        {"newest record gone",
         [](const std::string& path) { execute(path, "DELETE FROM journal WHERE seq = 50"); },
         "the journal ends with record 49"},
        {"head gone",
         [](const std::string& path) { execute(path, "DELETE FROM meta WHERE name = 'head'"); },
         "the store knows of record 0"},
        {"version gone",
         [](const std::string& path) {
           execute(path, "DELETE FROM meta WHERE name = 'schema_version'");
         },
         "schema_version"},
        {"a table gone", [](const std::string& path) { execute(path, "DROP TABLE facts"); },
         "no such table"},
        {"only the log left",
         [](const std::string& path) {
           fs::remove(path);
           write(path + "-wal", "a log");
         },
         "write-ahead log"},
    };
    for (const Case& one : cases) {
      INFO(one.name);
      SqliteBackend backend;
      const FakeClock clock;
      fill(backend, clock, 50);
      one.damage(backend.path());
      const bool database_left = fs::exists(backend.path());
      const std::string before = bytes_of(database_left ? backend.path() : backend.path() + "-wal");

      const auto store = backend.open(clock);
      const std::string aside = backend.path() + ".damaged-20261124T000000Z";
      CHECK(bytes_of(database_left ? aside : aside + "-wal") == before);
      const auto records = backend.records();
      REQUIRE(records.size() == 1);
      CHECK(records[0].type == "journal_recovered");
      CHECK(records[0].seq == 1);
      CHECK(records[0].data.find(R"({"file":"journal.db.damaged-20261124T000000Z","why":")") == 0);
      CHECK_MESSAGE(records[0].data.find(one.why) != std::string::npos, records[0].data);
      const auto restored = store->restore();
      REQUIRE(restored.has_value());
      CHECK(restored->facts.empty());
      CHECK(testing::fault_in(records, restored->head) == "");
    }
  }

  TEST_CASE("twice in a second, both are kept") {
    SqliteBackend backend;
    const FakeClock clock;
    for (const char* text : {"one is no database", "two is no database"}) {
      fs::create_directories(backend.directory());
      write(backend.path(), std::string(text) + std::string(5000, ' '));
      backend.open(clock);
    }
    const std::string aside = backend.path() + ".damaged-20261124T000000Z";
    CHECK(bytes_of(aside).find("one") == 0);
    CHECK(bytes_of(aside + "-2").find("two") == 0);
  }

  TEST_CASE("a start that ended between setting aside and telling is made up for") {
    SqliteBackend backend;
    const FakeClock clock;
    fill(backend, clock, 1);
    fs::rename(backend.path(), backend.path() + ".damaged-20261123T000000Z");
    const auto store = backend.open(clock);
    const auto records = backend.records();
    REQUIRE(records.size() == 1);
    CHECK(records[0].data.find("journal.db.damaged-20261123T000000Z") != std::string::npos);
    CHECK(records[0].data.find("earlier start") != std::string::npos);
  }

  TEST_CASE("what is not ours, or newer than us, is refused and left alone") {
    struct Case {
      const char* name;
      const char* sql;
      const char* message;
    };
    const Case cases[] = {
        {"newer", "UPDATE meta SET value = '99' WHERE name = 'schema_version'", "newer version"},
        {"another program's", "DROP TABLE journal; DROP TABLE meta", "another program's database"},
    };
    for (const Case& one : cases) {
      INFO(one.name);
      SqliteBackend backend;
      const FakeClock clock;
      fill(backend, clock, 1);
      execute(backend.path(), one.sql);
      const std::string before = bytes_of(backend.path());
      const auto store = open_sqlite_store(backend.path(), clock);
      REQUIRE_FALSE(store.has_value());
      CHECK(store.error().kind == base::ErrorKind::invalid_input);
      CHECK_MESSAGE(store.error().message.find(one.message) != std::string::npos,
                    store.error().message);
      CHECK(bytes_of(backend.path()) == before);
    }
  }
}

}  // namespace
}  // namespace aka::store
