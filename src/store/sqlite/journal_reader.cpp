// Reads a store's journal beside its owner. Entry point: open_sqlite_journal(). One read
// transaction spans all that is read, so that head and records are of one moment.
#include "store/sqlite/journal_reader.h"

#include <filesystem>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "store/sqlite/database.h"
#include "store/sqlite/files.h"
#include "store/sqlite/rows.h"
#include "store/sqlite/schema.h"

namespace aka::store {
namespace {

using base::ErrorKind;
using base::Result;

class SqliteJournalReader final : public JournalReader {
 public:
  SqliteJournalReader(std::string name, Database database)
      : name_(std::move(name)), database_(std::move(database)) {}

  Result<Head> head() override {
    auto head = recorded_head(database_);
    if (!head) return named(std::move(head).error());
    return head;
  }

  Result<void> each(std::int64_t first_seq, const RecordTaker& take) override {
    auto rows = database_.prepare(
        fmt::format("SELECT {} FROM journal WHERE seq >= ? ORDER BY seq", kRecordColumns));
    if (!rows) return named(std::move(rows).error());
    auto row = rows->first(first_seq);
    for (; row && *row; row = rows->next()) {
      if (!take(record_in(*rows))) return {};
    }
    if (!row) return named(std::move(row).error());
    return {};
  }

  Result<std::vector<journal::Record>> newest_of(const std::string& org_id,
                                                 const std::string& key_id,
                                                 std::int64_t most) override {
    // The condition on the key's id itself is the index's.
    auto rows = database_.prepare(
        fmt::format("SELECT {} FROM journal WHERE org_id = ? AND key_id = ? AND key_id <> '' "
                    "ORDER BY seq DESC LIMIT ?",
                    kRecordColumns));
    if (!rows) return named(std::move(rows).error());
    std::vector<journal::Record> records;
    auto row = rows->first(std::string_view(org_id), std::string_view(key_id), most);
    for (; row && *row; row = rows->next()) records.push_back(record_in(*rows));
    if (!row) return named(std::move(row).error());
    return records;
  }

 private:
  tl::unexpected<base::Error> named(base::Error error) const {
    return tl::unexpected(std::move(error).within(name_));
  }

  const std::string name_;
  Database database_;
};

Result<Database> begin_reading(const std::string& path, Access access) {
  auto database = Database::open(path, access);
  if (!database) return database;
  if (auto begun = database->execute("BEGIN"); !begun) return tl::unexpected(begun.error());
  const auto origin = origin_of(*database);
  if (!origin) return tl::unexpected(origin.error());
  if (*origin != Origin::ours)
    return base::fail(ErrorKind::invalid_input, "the file is no store of atlas-key-auditor");
  if (auto known = check_version(*database); !known) return tl::unexpected(known.error());
  return database;
}

Result<Database> open_for_reading(const std::string& path) {
  std::error_code failed;
  if (!std::filesystem::exists(path, failed))
    return base::fail(ErrorKind::not_found, "there is no such file");
  auto database = begin_reading(path, Access::read_only);
  if (database) return database;
  // On a medium that cannot be written to there is no place for SQLite's shared memory. Without a
  // log there is nothing to share.
  const bool logged = std::filesystem::exists(path + "-wal", failed);
  const ErrorKind kind = database.error().kind;
  if (kind != ErrorKind::io && kind != ErrorKind::permission) return database;
  if (!logged) return begin_reading(path, Access::immutable);
  return base::fail(kind, database.error().message +
                              "; copy the file and its -wal to where you may write, and read that");
}

}  // namespace

Result<std::unique_ptr<JournalReader>> open_sqlite_journal(const std::string& path) {
  std::string name = fmt::format("the journal in {}", path);
  auto database = open_for_reading(path);
  if (database) return std::make_unique<SqliteJournalReader>(std::move(name), *std::move(database));
  base::Error error = std::move(database).error();
  if (error.kind == kDamaged) error.kind = ErrorKind::invalid_input;
  return tl::unexpected(std::move(error).within(name));
}

}  // namespace aka::store
