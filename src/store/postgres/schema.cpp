// The tables and how they came to be. Entry points: migrate(), check_version(). To change the
// tables, append a step to kSteps; a step that was released is never changed.
#include "store/postgres/schema.h"

#include <array>
#include <string>

#include <fmt/format.h>

namespace aka::store {
namespace {

using base::ErrorKind;
using base::Result;

constexpr std::array<const char*, 1> kSteps{
    // 1: aka_shards has a row for each chain: who owns it (epoch, owner, since) and the newest
    // record
    // by the store's own account. What users may have written is BYTEA: it need not be text in the
    // database's encoding. An alert's id may be longer than an index takes, its hash is not.
    R"(CREATE TABLE aka_shards (
         shard BIGINT PRIMARY KEY, epoch BIGINT NOT NULL, owner TEXT NOT NULL,
         since TIMESTAMPTZ NOT NULL, head_seq BIGINT NOT NULL, head_hash TEXT NOT NULL,
         last_outbox_id BIGINT NOT NULL);
       CREATE TABLE aka_journal (
         shard BIGINT NOT NULL, seq BIGINT NOT NULL, time TEXT NOT NULL, type TEXT NOT NULL,
         org_id BYTEA NOT NULL, key_id BYTEA NOT NULL, data BYTEA NOT NULL, prev TEXT NOT NULL,
         hash TEXT NOT NULL, PRIMARY KEY (shard, seq));
       CREATE INDEX aka_journal_by_key ON aka_journal (org_id, key_id, seq) WHERE key_id <> '';
       CREATE TABLE aka_facts (
         shard BIGINT NOT NULL, kind TEXT NOT NULL, id BYTEA NOT NULL, value BYTEA NOT NULL);
       CREATE UNIQUE INDEX aka_facts_by_id ON aka_facts (shard, kind, sha256(id));
       CREATE TABLE aka_outbox (
         shard BIGINT NOT NULL, id BIGINT NOT NULL, sink BYTEA NOT NULL, alert BYTEA NOT NULL,
         due BIGINT NOT NULL, PRIMARY KEY (shard, id));)",
};
constexpr std::int64_t kVersion = kSteps.size();

/// 0: there are no tables.
Result<std::int64_t> version_of(Connection& connection) {
  const auto table = connection.query("SELECT to_regclass('aka_schema') IS NOT NULL");
  if (!table) return tl::unexpected(table.error());
  if (!table->truth(0, 0)) return 0;
  const auto version = connection.query("SELECT max(version)::bigint FROM aka_schema");
  if (!version) return tl::unexpected(version.error());
  if (version->integer(0, 0) > kVersion) {
    return base::fail(
        ErrorKind::invalid_input,
        fmt::format("the tables were written by a newer version of this program (schema {}, this "
                    "one knows {}): run that version, or give this one another database",
                    version->integer(0, 0), kVersion));
  }
  return version->integer(0, 0);
}

Result<void> migrate_locked(Connection& connection) {
  auto version = version_of(connection);
  if (!version) return tl::unexpected(version.error());
  for (std::int64_t next = *version; next < kVersion; ++next) {
    const std::string step =
        fmt::format("{} {} INSERT INTO aka_schema VALUES ({});",
                    next > 0 ? "" : "CREATE TABLE aka_schema (version BIGINT PRIMARY KEY);",
                    kSteps.at(static_cast<std::size_t>(next)), next + 1);
    if (auto done = connection.execute(step.c_str()); !done) return done;
  }
  return {};
}

}  // namespace

Result<void> migrate(Connection& connection) {
  const auto version = version_of(connection);
  if (!version) return tl::unexpected(version.error());
  if (*version == kVersion) return {};
  // The number is nobody else's: the first eight bytes of "atlas-ke".
  auto done = connection.execute("BEGIN; SELECT pg_advisory_xact_lock(7022356884777429861)");
  if (done) done = migrate_locked(connection);
  if (done) return connection.execute("COMMIT");
  static_cast<void>(connection.execute("ROLLBACK"));
  return done;
}

Result<void> check_version(Connection& connection) {
  const auto version = version_of(connection);
  if (!version) return tl::unexpected(version.error());
  if (*version > 0) return {};
  return base::fail(ErrorKind::not_found,
                    "the database holds no store of atlas-key-auditor, or it is in a schema that "
                    "is not searched");
}

}  // namespace aka::store
