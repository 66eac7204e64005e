// The store in a PostgreSQL database. Entry points: PostgresClaim::take(), PostgresStore::commit().
// A commit is one batch in one transaction that first locks the shard's row and compares its epoch.
// If the connection breaks, the next call makes another and goes on if the shard is still its own;
// whether the commit that broke is in, the row's head tells.
#include "store/postgres/postgres_store.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/utc_time.h"
#include "journal/chain.h"
#include "journal/cut.h"
#include "store/fact_kind.h"
#include "store/parts.h"
#include "store/postgres/schema.h"
#include "store/postgres/session.h"

namespace aka::store {
namespace {

using base::ErrorKind;
using base::Result;

struct Prepared {
  const char* name;
  const char* statement;
};

constexpr Prepared kAddRecord{
    "add_record", "INSERT INTO aka_journal VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"};
constexpr Prepared kPutFact{
    "put_fact",
    "INSERT INTO aka_facts VALUES ($1, $2, $3, $4) ON CONFLICT (shard, kind, sha256(id)) DO UPDATE "
    "SET value = excluded.value"};
constexpr Prepared kDropFact{
    "drop_fact",
    "DELETE FROM aka_facts WHERE shard = $1 AND kind = $2 AND sha256(id) = sha256($3)"};
constexpr Prepared kPutOutbox{"put_outbox",
                              "INSERT INTO aka_outbox VALUES ($1, $2, $3, $4, $5) ON CONFLICT "
                              "(shard, id) DO UPDATE SET sink = "
                              "excluded.sink, alert = excluded.alert, due = excluded.due"};
constexpr Prepared kDropOutbox{"drop_outbox",
                               "DELETE FROM aka_outbox WHERE shard = $1 AND id = $2"};
constexpr Prepared kCut{"cut", "DELETE FROM aka_journal WHERE shard = $1 AND seq <= $2"};
constexpr Prepared kPutMarks{
    "put_marks",
    "UPDATE aka_shards SET head_seq = $2, head_hash = $3, last_outbox_id = $4 WHERE shard = $1"};
constexpr Prepared kCommit{"commit", "COMMIT"};

Result<void> prepare_all(Connection& connection) {
  for (const Prepared& one :
       {kAddRecord, kPutFact, kDropFact, kPutOutbox, kDropOutbox, kCut, kPutMarks, kCommit}) {
    if (auto done = connection.prepare(one.name, one.statement); !done) return done;
  }
  return {};
}

bool same(const journal::Draft& left, const journal::Draft& right) {
  return left.time == right.time && left.type == right.type && left.org_id == right.org_id &&
         left.key_id == right.key_id && left.data == right.data;
}

tl::unexpected<base::Error> taken_over() {
  return base::fail(ErrorKind::busy, "another process has taken the shard over");
}

tl::unexpected<base::Error> still_kept() {
  return base::fail(ErrorKind::io,
                    "the server still keeps the session that was lost, or another process is "
                    "about to take the shard over");
}

std::string name_of(const PostgresOptions& options) {
  return fmt::format("the PostgreSQL store of shard {}", options.shard);
}

/// After an outage. The owner tries every second, and what it knows is newer than the database.
constexpr std::chrono::seconds kOwnersTurn{5};

/// A commit of which nobody knows whether it is in.
struct Doubt {
  Head head;                           ///< after it
  std::vector<journal::Draft> drafts;  ///< of its records
};

class PostgresStore final : public Store {
 public:
  PostgresStore(std::string name, PostgresOptions options, Connection connection, ShardRow row,
                const base::Clock& clock)
      : name_(std::move(name)),
        options_(std::move(options)),
        clock_(clock),
        epoch_(row.epoch),
        connection_(std::move(connection)),
        head_(std::move(row.head)),
        last_outbox_id_(row.last_outbox_id) {}

  Result<Restored> restore() override;
  Result<Head> commit(std::span<const Transition> transitions) override;
  Result<Head> cut(base::WallTime before) override;

 private:
  template <typename Write>
  Result<Head> in_transaction(Write write);
  template <typename Write>
  Result<void> attempt(Write& write);
  Result<void> begin();
  Result<void> write(const journal::Draft& draft);
  Result<void> write(const Fact& fact);
  Result<void> write(const OutboxEntry& entry);
  Result<void> write(std::int64_t delivered);
  Result<void> connect();
  Result<void> resolve_doubt(const Head& found);
  Result<void> check_epoch();
  void drop_connection();

  std::string shard() const { return to_value(options_.shard); }
  /// The same error, with the store's name in front.
  tl::unexpected<base::Error> named(base::Error error) const {
    return tl::unexpected(std::move(error).within(name_));
  }

  const std::string name_;
  const PostgresOptions options_;
  const base::Clock& clock_;
  const std::int64_t epoch_;
  std::optional<Connection> connection_;  ///< nothing: it broke
  Head head_;
  std::int64_t last_outbox_id_;
  std::optional<Doubt> doubt_;
  std::vector<journal::Draft> landed_;  ///< records that are in, though their commit seemed to fail
  std::vector<journal::Draft> drafts_;  ///< of the transaction under way
};

Result<Restored> PostgresStore::restore() {
  if (auto connected = connect(); !connected) return named(connected.error());
  Restored restored{.head = head_, .facts = {}, .outbox = {}, .last_outbox_id = last_outbox_id_};
  const auto facts = connection_->query(
      "SELECT kind, id, value FROM aka_facts WHERE shard IN ($1, $2) ORDER BY kind COLLATE \"C\", "
      "id",
      {shard(), to_value(kEveryShard)});
  if (!facts) return named(facts.error());
  for (int row = 0; row < facts->size(); ++row) {
    const auto kind = parse_fact_kind(facts->text(row, 0));
    if (kind) restored.facts.push_back({*kind, facts->text(row, 1), facts->text(row, 2)});
  }
  const auto outbox = connection_->query(
      "SELECT id, sink, alert, due FROM aka_outbox WHERE shard = $1 ORDER BY id", {shard()});
  if (!outbox) return named(outbox.error());
  for (int row = 0; row < outbox->size(); ++row) {
    restored.outbox.push_back({outbox->integer(row, 0), outbox->text(row, 1), outbox->text(row, 2),
                               base::WallTime(std::chrono::milliseconds(outbox->integer(row, 3)))});
  }
  return restored;
}

Result<Head> PostgresStore::commit(std::span<const Transition> transitions) {
  const bool nothing = std::ranges::all_of(transitions, [](const Transition& one) {
    return one.records.empty() && one.facts.empty() && one.outbox.empty() && one.delivered.empty();
  });
  if (nothing) {
    auto owned = connect();
    if (owned) owned = check_epoch();
    if (owned) return head_;
    drop_connection();
    return named(owned.error());
  }
  return in_transaction([this, transitions] {
    return write_parts(transitions, [this](const auto& part) { return write(part); });
  });
}

/// Runs `write` in a transaction that stands on the disk, or not at all, when this returns; of one
/// that broke at its very end the next call finds out.
template <typename Write>
Result<Head> PostgresStore::in_transaction(Write write) {
  if (auto connected = connect(); !connected) return named(connected.error());
  const Head head = head_;
  const std::int64_t last_outbox_id = last_outbox_id_;
  drafts_.clear();
  const auto done = attempt(write);
  if (done) {
    landed_.clear();
    return head_;
  }
  if (connection_->is_broken()) {
    doubt_ = Doubt{std::exchange(head_, head), std::exchange(drafts_, {})};
    drop_connection();
  } else if (const auto back = connection_->execute("ROLLBACK"); !back) {
    drop_connection();
  }
  head_ = head;
  last_outbox_id_ = last_outbox_id;
  return named(done.error());
}

template <typename Write>
Result<void> PostgresStore::attempt(Write& write) {
  if (auto begun = begin(); !begun) return begun;
  if (auto ready = connection_->begin_batch(); !ready) return ready;
  Result<void> sent = write();
  if (sent) {
    sent = connection_->add(kPutMarks.name,
                            {shard(), to_value(head_.seq), head_.hash, to_value(last_outbox_id_)});
  }
  if (sent) sent = connection_->add(kCommit.name, {});
  // Whoever cannot send is not going to get an answer.
  if (!sent) return sent;
  return connection_->end_batch();
}

Result<void> PostgresStore::begin() {
  if (auto begun = connection_->execute("BEGIN"); !begun) return begun;
  const auto epoch =
      connection_->query("SELECT epoch FROM aka_shards WHERE shard = $1 FOR UPDATE", {shard()});
  if (!epoch) return tl::unexpected(epoch.error());
  if (epoch->empty() || epoch->integer(0, 0) != epoch_) return taken_over();
  return {};
}

Result<void> PostgresStore::check_epoch() {
  const auto row = shard_row(*connection_, options_.shard);
  if (!row) return tl::unexpected(row.error());
  return row->epoch == epoch_ ? Result<void>() : taken_over();
}

Result<void> PostgresStore::write(const journal::Draft& draft) {
  const std::size_t place = drafts_.size();
  drafts_.push_back(draft);
  if (place < landed_.size()) {
    if (same(draft, landed_[place])) return {};
    landed_.clear();
  }
  const journal::Record record = journal::seal(draft, head_.seq + 1, head_.hash);
  head_ = {record.seq, record.hash};
  return connection_->add(kAddRecord.name,
                          {shard(), to_value(record.seq), record.time, record.type, record.org_id,
                           record.key_id, record.data, record.prev, record.hash});
}

Result<void> PostgresStore::write(const Fact& fact) {
  const bool common = options_.is_common && options_.is_common(fact);
  std::string owner = to_value(common ? kEveryShard : options_.shard);
  std::string kind(to_string(fact.kind));
  if (!fact.value)
    return connection_->add(kDropFact.name, {std::move(owner), std::move(kind), fact.id});
  return connection_->add(kPutFact.name, {std::move(owner), std::move(kind), fact.id, *fact.value});
}

Result<void> PostgresStore::write(const OutboxEntry& entry) {
  last_outbox_id_ = std::max(last_outbox_id_, entry.id);
  return connection_->add(kPutOutbox.name,
                          {shard(), to_value(entry.id), entry.sink, entry.alert,
                           to_value(std::int64_t{entry.due.time_since_epoch().count()})});
}

Result<void> PostgresStore::write(std::int64_t delivered) {
  return connection_->add(kDropOutbox.name, {shard(), to_value(delivered)});
}

Result<Head> PostgresStore::cut(base::WallTime before) {
  if (auto connected = connect(); !connected) return named(connected.error());
  // A day's text sorts before that of every moment in it, with or without milliseconds.
  const auto day = base::format_utc(std::chrono::floor<std::chrono::days>(before)).substr(0, 10);
  const auto last = connection_->query(
      "SELECT seq, hash FROM aka_journal WHERE shard = $1 AND seq < coalesce("
      " (SELECT seq FROM aka_journal WHERE shard = $1 AND time >= $2 COLLATE \"C\" ORDER BY seq"
      " LIMIT 1), 9223372036854775807) ORDER BY seq DESC LIMIT 1",
      {shard(), day});
  if (!last) {
    if (connection_->is_broken()) drop_connection();
    return named(last.error());
  }
  if (last->empty()) return head_;
  const journal::Cut cut{last->integer(0, 0), last->text(0, 1)};
  return in_transaction([this, &cut]() -> Result<void> {
    auto removed = connection_->add(kCut.name, {shard(), to_value(cut.through_seq)});
    if (!removed) return removed;
    return write(journal::Draft{.time = clock_.wall(),
                                .type = journal::RecordType::retention_cut,
                                .data = journal::to_data(cut)});
  });
}

void PostgresStore::drop_connection() { connection_.reset(); }

/// Sees to it that there is a connection, and that the shard is still this store's.
Result<void> PostgresStore::connect() {
  if (connection_ && !connection_->is_broken()) return {};
  drop_connection();
  auto connection = open_session(options_.address, options_.shard);
  if (!connection) return tl::unexpected(connection.error());
  const auto locked = try_lock(*connection, options_.shard);
  if (!locked) return tl::unexpected(locked.error());
  const auto row = shard_row(*connection, options_.shard);
  if (!row) return tl::unexpected(row.error());
  if (row->epoch != epoch_) return taken_over();
  if (!*locked) return still_kept();
  if (auto certain = resolve_doubt(row->head); !certain) return certain;
  last_outbox_id_ = row->last_outbox_id;
  if (auto prepared = prepare_all(*connection); !prepared) return prepared;
  connection_ = *std::move(connection);
  return {};
}

/// The session that broke is over, as its lock is free: what is in now is all that will be.
Result<void> PostgresStore::resolve_doubt(const Head& found) {
  const auto doubt = std::exchange(doubt_, std::nullopt);
  if (doubt && doubt->head == found && !(found == head_)) {
    head_ = found;
    landed_ = doubt->drafts;
    return {};
  }
  return found == head_ ? Result<void>() : taken_over();
}

}  // namespace

PostgresClaim::PostgresClaim(PostgresOptions options, const base::Clock& clock)
    : options_(std::move(options)), clock_(clock) {}

Result<std::unique_ptr<Store>> PostgresClaim::take() { return take(Mode::afresh); }

Result<std::unique_ptr<Store>> PostgresClaim::take_again() { return take(Mode::again); }

Result<std::unique_ptr<Store>> PostgresClaim::take(Mode mode) {
  auto ready = connect();
  if (ready) ready = lock(mode);
  if (ready) {
    auto store = begin();
    if (store) return store;
    connection_.reset();  // and with it the lock
    return tl::unexpected(std::move(store).error().within(name_of(options_)));
  }
  if (connection_ && connection_->is_broken()) lost_ = true;
  // One that only has to wait keeps its connection.
  const ErrorKind kind = ready.error().kind;
  if (lost_ || (kind != ErrorKind::busy && kind != ErrorKind::io)) connection_.reset();
  return tl::unexpected(std::move(ready).error().within(name_of(options_)));
}

Result<void> PostgresClaim::connect() {
  if (!connection_) {
    auto connection = open_session(options_.address, options_.shard);
    if (!connection) {
      lost_ = lost_ || connection.error().kind == ErrorKind::io;
      return tl::unexpected(std::move(connection).error());
    }
    connection_ = *std::move(connection);
    if (std::exchange(lost_, false)) our_turn_ = clock_.steady() + kOwnersTurn;
  }
  return {};
}

Result<void> PostgresClaim::lock(Mode mode) {
  const bool owned = mode == Mode::again && epoch_.has_value();
  if (our_turn_ && clock_.steady() < *our_turn_ && !owned) {
    // Asked all the same, so that a connection that is gone is noticed.
    const auto row = shard_row(*connection_, options_.shard);
    if (!row) return tl::unexpected(row.error());
    return base::fail(mode == Mode::again ? ErrorKind::io : ErrorKind::busy,
                      "the database is back, and whoever owned the shard has the first try");
  }
  const auto locked = try_lock(*connection_, options_.shard);
  if (!locked) return tl::unexpected(locked.error());
  const auto row = shard_row(*connection_, options_.shard);
  if (!row) return tl::unexpected(row.error());
  if (owned && row->epoch != *epoch_) {
    connection_.reset();  // and with it the lock
    return taken_over();
  }
  if (*locked) return {};
  if (owned) return still_kept();
  return base::fail(ErrorKind::busy, fmt::format("another process owns it: {}", row->owner));
}

Result<std::unique_ptr<Store>> PostgresClaim::begin() {
  auto row = begin_epoch(*connection_, options_.shard);
  if (!row) return tl::unexpected(std::move(row).error());
  if (auto sound = check_head(*connection_, options_.shard, row->head); !sound)
    return tl::unexpected(sound.error());
  if (auto prepared = prepare_all(*connection_); !prepared) return tl::unexpected(prepared.error());
  epoch_ = row->epoch;
  our_turn_.reset();
  auto store = std::make_unique<PostgresStore>(name_of(options_), options_, *std::move(connection_),
                                               *std::move(row), clock_);
  connection_.reset();
  return store;
}

}  // namespace aka::store
