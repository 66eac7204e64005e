#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "store/contract.h"
#include "store/sqlite/journal_reader.h"
#include "store/sqlite/sqlite_store.h"
#include "support/scratch_directory.h"

namespace aka::store::testing {

/// A SQLite store in a directory of its own.
class SqliteBackend final : public Backend {
 public:
  std::string path() const { return (directory_.path() / "store/journal.db").string(); }
  std::filesystem::path directory() const { return directory_.path() / "store"; }

  std::unique_ptr<Store> open(const base::Clock& clock) override {
    auto store = open_sqlite_store(path(), clock);
    REQUIRE_MESSAGE(store.has_value(), store.error().message);
    return *std::move(store);
  }

  std::vector<journal::Record> records() override {
    const auto reader = open_sqlite_journal(path());
    REQUIRE_MESSAGE(reader.has_value(), reader.error().message);
    std::vector<journal::Record> all;
    const auto read = (*reader)->each(1, [&all](const journal::Record& record) {
      all.push_back(record);
      return true;
    });
    REQUIRE_MESSAGE(read.has_value(), read.error().message);
    return all;
  }

 private:
  aka::testing::ScratchDirectory directory_;
};

}  // namespace aka::store::testing
