// The store in a SQLite file. Entry point: open_sqlite_store(). WAL, so that readers and the writer
// do not wait for each other; synchronous=FULL, so that what was committed survives a power cut.
#include "store/sqlite/sqlite_store.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/utc_time.h"
#include "journal/canonical_json.h"
#include "journal/chain.h"
#include "journal/cut.h"
#include "store/fact_kind.h"
#include "store/parts.h"
#include "store/sqlite/database.h"
#include "store/sqlite/files.h"
#include "store/sqlite/rows.h"
#include "store/sqlite/schema.h"

namespace aka::store {
namespace {

using base::ErrorKind;
using base::Result;

/// What is prepared once; each names its place in kQueries.
enum Query : std::size_t { add_record, put_fact, drop_fact, put_outbox, drop_outbox, put_meta };

constexpr std::array<std::string_view, 6> kQueries{
    "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    "INSERT OR REPLACE INTO facts VALUES (?, ?, ?)",
    "DELETE FROM facts WHERE kind = ? AND id = ?",
    "INSERT OR REPLACE INTO outbox VALUES (?, ?, ?, ?)",
    "DELETE FROM outbox WHERE id = ?",
    "INSERT OR REPLACE INTO meta VALUES (?, ?)",
};

/// A database whose bytes are what they must be, ready to be written to.
struct Sound {
  Database database;
  std::vector<Statement> statements;  ///< by Query
  Head head;
  std::int64_t last_outbox_id = 0;
};

class SqliteStore final : public Store {
 public:
  SqliteStore(std::string name, OwnerLock lock, Sound sound, const base::Clock& clock)
      : name_(std::move(name)),
        clock_(clock),
        lock_(std::move(lock)),
        database_(std::move(sound.database)),
        statements_(std::move(sound.statements)),
        head_(std::move(sound.head)),
        last_outbox_id_(sound.last_outbox_id) {}

  Result<Restored> restore() override;
  Result<Head> commit(std::span<const Transition> transitions) override;
  Result<Head> cut(base::WallTime before) override;

 private:
  template <typename Write>
  Result<Head> in_transaction(Write write);
  Result<void> begin();
  Result<void> write(const journal::Draft& draft);
  Result<void> write(const Fact& fact);
  Result<void> write(const OutboxEntry& entry);
  Result<void> write(std::int64_t delivered);
  Result<void> write_marks();
  Result<std::int64_t> last_before(const std::string& day);
  Result<void> cut_through(std::int64_t seq);

  Result<void> read_facts(std::vector<Fact>& facts);
  Result<void> read_outbox(std::vector<OutboxEntry>& outbox);
  /// The same error, with the store's name in front.
  tl::unexpected<base::Error> named(base::Error error) const {
    return tl::unexpected(std::move(error).within(name_));
  }

  const std::string name_;
  const base::Clock& clock_;
  OwnerLock lock_;
  Database database_;
  std::vector<Statement> statements_;  ///< by Query
  Head head_;
  std::int64_t last_outbox_id_;
};

Result<Restored> SqliteStore::restore() {
  Restored restored{.head = head_, .facts = {}, .outbox = {}, .last_outbox_id = last_outbox_id_};
  if (auto read = read_facts(restored.facts); !read) return named(read.error());
  if (auto read = read_outbox(restored.outbox); !read) return named(read.error());
  return restored;
}

Result<void> SqliteStore::read_facts(std::vector<Fact>& facts) {
  auto rows = database_.prepare("SELECT kind, id, value FROM facts ORDER BY kind, id");
  if (!rows) return tl::unexpected(std::move(rows).error());
  auto row = rows->first();
  for (; row && *row; row = rows->next()) {
    const auto kind = parse_fact_kind(rows->text(0));
    if (kind) facts.push_back({*kind, rows->text(1), rows->text(2)});
  }
  if (!row) return tl::unexpected(std::move(row).error());
  return {};
}

Result<void> SqliteStore::read_outbox(std::vector<OutboxEntry>& outbox) {
  auto rows = database_.prepare("SELECT id, sink, alert, due FROM outbox ORDER BY id");
  if (!rows) return tl::unexpected(std::move(rows).error());
  auto row = rows->first();
  for (; row && *row; row = rows->next()) {
    outbox.push_back({rows->integer(0), rows->text(1), rows->text(2),
                      base::WallTime(std::chrono::milliseconds(rows->integer(3)))});
  }
  if (!row) return tl::unexpected(std::move(row).error());
  return {};
}

Result<Head> SqliteStore::commit(std::span<const Transition> transitions) {
  return in_transaction([this, transitions] {
    return write_parts(transitions, [this](const auto& part) { return write(part); });
  });
}

/// Runs `write` in a transaction that stands on the disk, or not at all, when this returns.
template <typename Write>
Result<Head> SqliteStore::in_transaction(Write write) {
  const Head head = head_;
  const std::int64_t last_outbox_id = last_outbox_id_;
  Result<void> done = begin();
  if (done) done = write();
  if (done) done = write_marks();
  if (done) done = database_.execute("COMMIT");
  if (done) return head_;
  // Some errors roll back by themselves. A rollback that fails leaves nothing behind either: what
  // the log holds without its commit does not count.
  if (database_.in_transaction()) static_cast<void>(database_.execute("ROLLBACK"));
  head_ = head;
  last_outbox_id_ = last_outbox_id;
  return named(std::move(done).error());
}

Result<void> SqliteStore::begin() {
  if (database_.has_moved()) {
    return base::fail(ErrorKind::not_found,
                      "the store's file was removed or replaced while it was open");
  }
  return database_.execute("BEGIN IMMEDIATE");
}

Result<void> SqliteStore::write(const journal::Draft& draft) {
  const journal::Record record = journal::seal(draft, head_.seq + 1, head_.hash);
  head_ = {record.seq, record.hash};
  return statements_[add_record].run(record.seq, record.time, record.type, record.org_id,
                                     record.key_id, record.data, record.prev, record.hash);
}

Result<void> SqliteStore::write(const Fact& fact) {
  const std::string_view kind = to_string(fact.kind);
  if (!fact.value) return statements_[drop_fact].run(kind, fact.id);
  return statements_[put_fact].run(kind, fact.id, *fact.value);
}

Result<void> SqliteStore::write(const OutboxEntry& entry) {
  last_outbox_id_ = std::max(last_outbox_id_, entry.id);
  return statements_[put_outbox].run(entry.id, entry.sink, entry.alert,
                                     std::int64_t{entry.due.time_since_epoch().count()});
}

Result<void> SqliteStore::write(std::int64_t delivered) {
  return statements_[drop_outbox].run(delivered);
}

/// The head and the highest id, in the same transaction as what moved them.
Result<void> SqliteStore::write_marks() {
  auto done = statements_[put_meta].run("head", head_text(head_));
  if (!done) return done;
  return statements_[put_meta].run("last_outbox_id", std::to_string(last_outbox_id_));
}

Result<Head> SqliteStore::cut(base::WallTime before) {
  const auto day = base::format_utc(std::chrono::floor<std::chrono::days>(before)).substr(0, 10);
  const auto last = last_before(day);
  if (!last) return named(last.error());
  if (*last == 0) return head_;
  return in_transaction([this, &last] { return cut_through(*last); });
}

/// The last record of those at the front that are older than the day; 0: there is none.
Result<std::int64_t> SqliteStore::last_before(const std::string& day) {
  // A day's text sorts before that of every moment in it, with or without milliseconds.
  auto span = database_.prepare(
      "SELECT ifnull(min(seq), 1),"
      " ifnull((SELECT seq FROM journal WHERE time >= ? ORDER BY seq LIMIT 1), max(seq) + 1)"
      " FROM journal");
  if (!span) return tl::unexpected(std::move(span).error());
  const auto row = span->first(day);
  if (!row) return tl::unexpected(row.error());
  const std::int64_t first = span->integer(0);
  const std::int64_t last = span->integer(1) - 1;
  return last < first ? 0 : last;
}

Result<void> SqliteStore::cut_through(std::int64_t seq) {
  const auto hash = database_.value(fmt::format("SELECT hash FROM journal WHERE seq = {}", seq));
  if (!hash) return tl::unexpected(hash.error());
  const std::string removal = fmt::format("DELETE FROM journal WHERE seq <= {}", seq);
  if (auto removed = database_.execute(removal.c_str()); !removed) return removed;
  return write(journal::Draft{.time = clock_.wall(),
                              .type = journal::RecordType::retention_cut,
                              .data = journal::to_data({seq, *hash})});
}

Result<void> check_sound(Database& database) {
  const auto quick = database.value("PRAGMA quick_check(1)");
  if (!quick) return tl::unexpected(quick.error());
  if (*quick != "ok") return base::fail(kDamaged, *quick);
  const auto origin = origin_of(database);
  if (!origin) return tl::unexpected(origin.error());
  if (*origin == Origin::foreign)
    return base::fail(ErrorKind::invalid_input,
                      "the file is another program's database: give this one another store.path");
  return {};
}

Result<std::vector<Statement>> prepare_all(Database& database) {
  std::vector<Statement> all;
  for (const std::string_view query : kQueries) {
    auto statement = database.prepare(query);
    if (!statement) return tl::unexpected(std::move(statement).error());
    all.push_back(*std::move(statement));
  }
  return all;
}

Result<std::int64_t> read_last_outbox_id(Database& database) {
  auto last = database.prepare("SELECT CAST(value AS INTEGER) FROM meta WHERE name = ?");
  if (!last) return tl::unexpected(std::move(last).error());
  const auto row = last->first("last_outbox_id");
  if (!row) return tl::unexpected(row.error());
  return *row ? last->integer(0) : 0;
}

Result<Sound> ready(Database database) {
  auto head = checked_head(database);
  if (!head) return tl::unexpected(std::move(head).error());
  auto statements = prepare_all(database);
  if (!statements) return tl::unexpected(std::move(statements).error());
  const auto last_outbox_id = read_last_outbox_id(database);
  if (!last_outbox_id) return tl::unexpected(last_outbox_id.error());
  return Sound{std::move(database), *std::move(statements), *std::move(head), *last_outbox_id};
}

Result<Sound> open_sound(const std::string& path) {
  if (has_orphaned_log(path))
    return base::fail(kDamaged, "its write-ahead log is there, but the database is not");
  if (auto made = make_file(path); !made) return tl::unexpected(made.error());
  auto database = Database::open(path, Access::own);
  if (!database) return tl::unexpected(std::move(database).error());
  if (auto sound = check_sound(*database); !sound) return tl::unexpected(sound.error());
  auto set = database->execute(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = "
      "16777216; PRAGMA cache_size = -256;");
  if (!set) return tl::unexpected(set.error());
  if (auto migrated = migrate(*database); !migrated) return tl::unexpected(migrated.error());
  return ready(*std::move(database));
}

/// The first record of a store that replaces a damaged one.
Result<Head> tell_recovery(Store& store, std::string_view file, std::string_view why,
                           const base::Clock& clock) {
  const Transition recovered{
      .records = {{.time = clock.wall(),
                   .type = journal::RecordType::journal_recovered,
                   .data = fmt::format(R"({{"file":{},"why":{}}})", journal::canonical_text(file),
                                       journal::canonical_text(why))}}};
  return store.commit(std::span(&recovered, 1));
}

Result<std::unique_ptr<Store>> open_owned(const std::string& path, const std::string& name,
                                          OwnerLock lock, const base::Clock& clock) {
  auto sound = open_sound(path);
  std::string why = "it was set aside by an earlier start, which ended before it could say why";
  if (!sound && sound.error().kind == kDamaged) {
    why = sound.error().message;
    if (auto aside = set_aside(path, clock.wall()); !aside)
      return tl::unexpected(std::move(aside).error().within(name));
    sound = open_sound(path);
  }
  if (!sound) return tl::unexpected(std::move(sound).error().within(name));
  const bool is_new = sound->head.seq == 0;
  auto store = std::make_unique<SqliteStore>(name, std::move(lock), *std::move(sound), clock);
  if (!is_new) return store;
  if (const auto file = newest_set_aside(path)) {
    const auto told = tell_recovery(*store, *file, why, clock);
    if (!told) return tl::unexpected(told.error());
  }
  return store;
}

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& path,
                                                 const base::Clock& clock) {
  const std::string name = fmt::format("the store {}", path);
  if (auto made = make_directory_of(path); !made)
    return tl::unexpected(std::move(made).error().within(name));
  auto lock = OwnerLock::take(path + ".lock");
  if (!lock) return tl::unexpected(std::move(lock).error().within(name));
  return open_owned(path, name, *std::move(lock), clock);
}

}  // namespace aka::store
