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

  friend bool operator==(const Fact&, const Fact&) = default;
};

/// A notification that one receiver has not accepted yet.
struct OutboxEntry {
  std::int64_t id = 0;  ///< given by the caller, ascending, never used again
  std::string sink;     ///< the receiver's name
  std::string alert;    ///< as incident::to_text writes it
  base::WallTime due{};

  friend bool operator==(const OutboxEntry&, const OutboxEntry&) = default;
};

/// What belongs together: all of it is on disk after a commit, or none.
struct Transition {
  std::vector<journal::Draft> records{};
  std::vector<Fact> facts{};
  std::vector<OutboxEntry> outbox{};      ///< new ones; an id that is there is replaced
  std::vector<std::int64_t> delivered{};  ///< ids of entries that are done; unknown ones do no harm
};

/// The newest record: an outside witness of it (a metric) shows a truncated journal.
struct Head {
  std::int64_t seq = 0;  ///< 0: no record yet
  std::string hash;      ///< 64 zeros if there is none

  friend bool operator==(const Head&, const Head&) = default;
};

struct Restored {
  Head head;
  std::vector<Fact> facts;          ///< values are all set; by kind and id
  std::vector<OutboxEntry> outbox;  ///< by id
  std::int64_t last_outbox_id = 0;  ///< the highest ever committed; delivered ones too
};

/// Keeps the journal, what a restart needs, and the outbox. Used by one thread at a time.
/// Errors: `io` may pass, so the same store may be asked again; after any other kind this store is
/// done with, and whoever goes on opens it anew.
class Store {
 public:
  virtual ~Store() = default;

  virtual base::Result<Restored> restore() = 0;
  /// All transitions, in their order, in one transaction. An error means that nothing was written.
  virtual base::Result<Head> commit(std::span<const Transition> transitions) = 0;
  /// Removes whole UTC days of records from the front that are older than `before`, and writes a
  /// `retention_cut`. Nothing to remove: nothing happens.
  virtual base::Result<Head> cut(base::WallTime before) = 0;
};

/// Records in ascending order, until it returns false. For the `journal` commands.
using RecordTaker = std::function<bool(const journal::Record&)>;

}  // namespace aka::store
