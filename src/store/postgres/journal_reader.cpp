// Reads a shard's journal beside its owner. Entry point: open_postgres_journal(). One transaction
// spans all that is read, so that head and records are of one moment; records come in pages.
#include "store/postgres/journal_reader.h"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "store/postgres/schema.h"
#include "store/postgres/session.h"

namespace aka::store {
namespace {

using base::ErrorKind;
using base::Result;

constexpr int kPage = 1000;

journal::Record record_in(const Rows& rows, int row) {
  return {.seq = rows.integer(row, 0),
          .time = rows.text(row, 1),
          .type = rows.text(row, 2),
          .org_id = rows.text(row, 3),
          .key_id = rows.text(row, 4),
          .data = rows.text(row, 5),
          .prev = rows.text(row, 6),
          .hash = rows.text(row, 7)};
}

class PostgresJournalReader final : public JournalReader {
 public:
  PostgresJournalReader(std::string name, Connection connection, int shard)
      : name_(std::move(name)), connection_(std::move(connection)), shard_(shard) {}

  Result<Head> head() override {
    auto row = shard_row(connection_, shard_);
    if (!row) return named(std::move(row).error());
    return row->head;
  }

  Result<void> each(std::int64_t first_seq, const RecordTaker& take) override {
    for (;;) {
      const auto page = connection_.query(
          "SELECT seq, time, type, org_id, key_id, data, prev, hash FROM aka_journal "
          "WHERE shard = $1 AND seq >= $2 ORDER BY seq LIMIT $3",
          {to_value(shard_), to_value(first_seq), to_value(kPage)});
      if (!page) return named(page.error());
      for (int row = 0; row < page->size(); ++row) {
        const journal::Record record = record_in(*page, row);
        first_seq = record.seq + 1;
        if (!take(record)) return {};
      }
      if (page->size() < kPage) return {};
    }
  }

  Result<std::vector<journal::Record>> newest_of(const std::string& org_id,
                                                 const std::string& key_id,
                                                 std::int64_t most) override {
    const auto rows = connection_.query(
        "SELECT seq, time, type, org_id, key_id, data, prev, hash FROM aka_journal "
        "WHERE shard = $1 AND org_id = $2 AND key_id = $3 AND key_id <> '' "
        "ORDER BY seq DESC LIMIT $4",
        {to_value(shard_), org_id, key_id, to_value(most)});
    if (!rows) return named(rows.error());
    std::vector<journal::Record> records;
    records.reserve(static_cast<std::size_t>(rows->size()));
    for (int row = 0; row < rows->size(); ++row) records.push_back(record_in(*rows, row));
    return records;
  }

 private:
  tl::unexpected<base::Error> named(base::Error error) const {
    return tl::unexpected(std::move(error).within(name_));
  }

  const std::string name_;
  Connection connection_;
  const int shard_;
};

Result<Connection> begin_reading(const PostgresAddress& address) {
  auto connection = Connection::open(address, "atlas-key-auditor journal");
  if (!connection) return connection;
  auto ready = check_version(*connection);
  if (ready) ready = connection->execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  if (!ready) return tl::unexpected(std::move(ready).error());
  return connection;
}

}  // namespace

Result<std::vector<int>> postgres_shards(const PostgresAddress& address) {
  auto connection = begin_reading(address);
  if (!connection)
    return tl::unexpected(std::move(connection).error().within("the PostgreSQL store"));
  const auto rows = connection->query("SELECT shard FROM aka_shards ORDER BY shard");
  if (!rows) return tl::unexpected(rows.error());
  std::vector<int> shards;
  shards.reserve(static_cast<std::size_t>(rows->size()));
  for (int row = 0; row < rows->size(); ++row)
    shards.push_back(static_cast<int>(rows->integer(row, 0)));
  return shards;
}

Result<std::unique_ptr<JournalReader>> open_postgres_journal(const PostgresAddress& address,
                                                             int shard) {
  std::string name = fmt::format("the journal of shard {} in PostgreSQL", shard);
  auto connection = begin_reading(address);
  if (!connection) return tl::unexpected(std::move(connection).error().within(name));
  const auto row = shard_row(*connection, shard);
  if (!row) return tl::unexpected(base::Error(row.error()).within(name));
  if (row->epoch == 0)
    return base::fail(ErrorKind::not_found, name + ": no process has ever been this shard");
  return std::make_unique<PostgresJournalReader>(std::move(name), *std::move(connection), shard);
}

}  // namespace aka::store
