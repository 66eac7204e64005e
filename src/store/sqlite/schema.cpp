// The tables and how they came to be. Entry points: migrate(), check_version(). To change the
// tables, append a step to kSteps; a step that was released is never changed.
#include "store/sqlite/schema.h"

#include <array>
#include <charconv>
#include <string>

#include <fmt/format.h>

namespace aka::store {
namespace {

constexpr std::array<const char*, 2> kSteps{
    // 1: the journal and what a restart needs. `meta` holds schema_version, head (the newest
    // record's seq and hash) and last_outbox_id.
    R"(CREATE TABLE journal (
         seq INTEGER PRIMARY KEY, time TEXT NOT NULL, type TEXT NOT NULL, org_id TEXT NOT NULL,
         key_id TEXT NOT NULL, data TEXT NOT NULL, prev TEXT NOT NULL, hash TEXT NOT NULL) STRICT;
       CREATE TABLE facts (
         kind TEXT NOT NULL, id TEXT NOT NULL, value TEXT NOT NULL,
         PRIMARY KEY (kind, id)) STRICT, WITHOUT ROWID;
       CREATE TABLE outbox (
         id INTEGER PRIMARY KEY, sink TEXT NOT NULL, alert TEXT NOT NULL,
         due INTEGER NOT NULL) STRICT;)",
    // 2: a key's history without reading the whole journal. Checkpoints and the like are left out.
    "CREATE INDEX journal_by_key ON journal (org_id, key_id, seq) WHERE key_id <> '';",
};
constexpr int kVersion = static_cast<int>(kSteps.size());

base::Result<int> version_of(Database& database) {
  const auto text = database.value("SELECT value FROM meta WHERE name = 'schema_version'");
  if (!text) return tl::unexpected(text.error());
  int version = -1;
  std::from_chars(text->data(), text->data() + text->size(), version);
  if (version < 0)
    return base::fail(kDamaged, fmt::format("the schema_version '{}' is no number", *text));
  if (version > kVersion) {
    return base::fail(
        base::ErrorKind::invalid_input,
        fmt::format("the store was written by a newer version of this program (schema {}, this "
                    "one knows {}): run that version, or give this one another store.path",
                    version, kVersion));
  }
  return version;
}

}  // namespace

base::Result<Origin> origin_of(Database& database) {
  const auto tables = database.value("SELECT count(*) FROM sqlite_schema");
  if (!tables) return tl::unexpected(tables.error());
  if (*tables == "0") return Origin::empty;
  const auto ours = database.value(
      "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('meta', 'journal')");
  if (!ours) return tl::unexpected(ours.error());
  return *ours == "2" ? Origin::ours : Origin::foreign;
}

base::Result<void> migrate(Database& database) {
  const auto origin = origin_of(database);
  if (!origin) return tl::unexpected(origin.error());
  int version = 0;
  if (*origin == Origin::ours) {
    const auto found = version_of(database);
    if (!found) return tl::unexpected(found.error());
    version = *found;
  }
  for (; version < kVersion; ++version) {
    const std::string step = fmt::format(
        "BEGIN IMMEDIATE; {} {} INSERT OR REPLACE INTO meta VALUES ('schema_version', '{}'); "
        "COMMIT;",
        version > 0 ? ""
                    : "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, "
                      "WITHOUT ROWID;",
        kSteps.at(static_cast<std::size_t>(version)), version + 1);
    if (auto done = database.execute(step.c_str()); !done) return done;
  }
  return {};
}

base::Result<void> check_version(Database& database) {
  const auto version = version_of(database);
  if (!version) return tl::unexpected(version.error());
  return {};
}

}  // namespace aka::store
