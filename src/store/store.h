#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "journal/record.h"

namespace aka::store {

/// What a fact beside the journal is about. Names are written to the database: append only.
enum class FactKind {
  configuration,  ///< the text of the configuration that was last journaled
  key,            ///< what a restart needs of a key: state, findings, confirmations
  seen,           ///< a key's last conclusive poll, to a minute
  organization,   ///< what a restart needs of an organization
  alert,          ///< an alert that fires, or resolved not long ago
  daemon,         ///< what concerns no organization
};

/// A fact replaces the one of the same kind and id.
struct Fact {
  FactKind kind = FactKind::key;
  std::string id;
  std::optional<std::string> value;  ///< nothing: forget it
};

/// A notification that one receiver has not accepted yet.
struct OutboxEntry {
  std::int64_t id = 0;  ///< given by the caller, ascending
  std::string sink;     ///< the receiver's name
  std::string alert;    ///< as incident::to_text writes it
  base::WallTime due{};
};

/// What belongs together: all of it is on disk after a commit, or none.
struct Transition {
  std::vector<journal::Draft> records;
  std::vector<Fact> facts;
  std::vector<OutboxEntry> outbox;      ///< new ones
  std::vector<std::int64_t> delivered;  ///< ids of entries that are done
};

/// The newest record: an outside witness of it (a metric) shows a truncated journal.
struct Head {
  std::int64_t seq = 0;  ///< 0: no record yet
  std::string hash;      ///< 64 zeros if there is none
};

struct Restored {
  Head head;
  std::vector<Fact> facts;          ///< values are all set
  std::vector<OutboxEntry> outbox;  ///< by id
};

/// Keeps the journal, what a restart needs, and the outbox. Used by one thread at a time.
class Store {
 public:
  virtual ~Store() = default;

  virtual base::Result<Restored> restore() = 0;
  /// All transitions, in their order, in one transaction. An error means that nothing was written.
  virtual base::Result<Head> commit(std::span<const Transition> transitions) = 0;
  /// Removes whole UTC days of records that are older than `before`, and writes a `retention_cut`.
  virtual base::Result<Head> cut(base::WallTime before) = 0;
};

/// Records in ascending order from `first_seq` on, until `take` returns false. For the `journal`
/// commands; works beside a daemon that owns the store.
using RecordTaker = std::function<bool(const journal::Record&)>;

}  // namespace aka::store
