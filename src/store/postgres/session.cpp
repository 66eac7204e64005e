// Sessions, the lock and the epoch. Entry points: open_session(), try_lock(), begin_epoch(). The
// lock says who may write now; the epoch says of whoever believes to have it whether that is still
// so.
#include "store/postgres/session.h"

#include <unistd.h>

#include <fmt/format.h>

#include "journal/chain.h"
#include "store/postgres/schema.h"

namespace aka::store {
namespace {

using base::ErrorKind;
using base::Result;

std::string host_name() {
  std::string name(256, '\0');
  if (::gethostname(name.data(), name.size() - 1) != 0) return "?";
  name.resize(name.find('\0'));
  return name;
}

ShardRow row_in(const Rows& rows) {
  return {rows.integer(0, 0),
          {rows.integer(0, 1), rows.text(0, 2)},
          rows.integer(0, 3),
          rows.text(0, 4)};
}

}  // namespace

Result<Connection> open_session(const PostgresAddress& address, int shard) {
  auto connection = Connection::open(address, fmt::format("atlas-key-auditor shard {}", shard));
  if (!connection) return connection;
  if (auto migrated = migrate(*connection); !migrated) return tl::unexpected(migrated.error());
  return connection;
}

Result<bool> try_lock(Connection& connection, int shard) {
  // A number for this schema and shard that no other program would think of.
  const auto locked = connection.query(
      "SELECT pg_try_advisory_lock(('x' || left(encode(sha256(convert_to("
      "'atlas-key-auditor/' || current_schema() || '/' || $1::bigint, 'UTF8')), 'hex'), 16))"
      "::bit(64)::bigint)",
      {to_value(shard)});
  if (!locked) return tl::unexpected(locked.error());
  return locked->truth(0, 0);
}

Result<ShardRow> shard_row(Connection& connection, int shard) {
  const auto row = connection.query(
      "SELECT epoch, head_seq, head_hash, last_outbox_id, owner FROM aka_shards WHERE shard = $1",
      {to_value(shard)});
  if (!row) return tl::unexpected(row.error());
  if (row->empty()) return ShardRow{0, {0, std::string(journal::kNoHash)}, 0, {}};
  return row_in(*row);
}

Result<ShardRow> begin_epoch(Connection& connection, int shard) {
  const auto row = connection.query(
      "INSERT INTO aka_shards AS known VALUES ($1, 1, $2, now(), 0, $3, 0) ON CONFLICT (shard) DO "
      "UPDATE SET epoch = known.epoch + 1, owner = $2, since = now() "
      "RETURNING epoch, head_seq, head_hash, last_outbox_id, owner",
      {to_value(shard), fmt::format("{} pid {}", host_name(), ::getpid()),
       std::string(journal::kNoHash)});
  if (!row) return tl::unexpected(row.error());
  return row_in(*row);
}

Result<void> check_head(Connection& connection, int shard, const Head& head) {
  const auto last = connection.query(
      "SELECT seq, hash FROM aka_journal WHERE shard = $1 ORDER BY seq DESC LIMIT 1",
      {to_value(shard)});
  if (!last) return tl::unexpected(last.error());
  const Head found = last->empty() ? Head{0, std::string(journal::kNoHash)}
                                   : Head{last->integer(0, 0), last->text(0, 1)};
  if (found == head) return {};
  return base::fail(
      ErrorKind::invalid_input,
      fmt::format(
          "the journal ends with record {}, hash {}, but the store knows of record {}, hash "
          "{}: rows were changed by hand or restored in part",
          found.seq, found.hash, head.seq, head.hash));
}

}  // namespace aka::store
