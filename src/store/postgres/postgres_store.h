#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "store/postgres/connection.h"
#include "store/store.h"

namespace aka::store {

struct PostgresOptions {
  PostgresAddress address;
  int shard = 0;  ///< each has a chain, facts and an outbox of its own
  /// Facts that all shards of the database have in common, so that one may go on where another
  /// ended. Null: none.
  std::function<bool(const Fact&)> is_common;
};

/// The right of one process to a shard of a PostgreSQL database: an advisory lock that the server
/// holds for a session, and with it an epoch, a number that grows with each owner and that every
/// commit compares. Used by one thread at a time; outlives the stores that it gives.
class PostgresClaim {
 public:
  PostgresClaim(PostgresOptions options, const base::Clock& clock);

  /// The store, if nobody has the shard; whoever had it before, restore() tells all that is known.
  /// `busy`: another session has it, to be asked again every few seconds: the connection is kept
  /// for that. `io`: the database cannot be reached now. `invalid_input`: its tables are not what
  /// they must be. After an outage of the database the owner before is left the first try.
  base::Result<std::unique_ptr<Store>> take();

  /// The same for a process that goes on where it was: `busy` also if another had the shard since
  /// this claim's last store, and so knows better.
  base::Result<std::unique_ptr<Store>> take_again();

 private:
  enum class Mode { afresh, again };

  base::Result<std::unique_ptr<Store>> take(Mode mode);
  base::Result<void> connect();
  base::Result<void> lock(Mode mode);
  base::Result<std::unique_ptr<Store>> begin();

  const PostgresOptions options_;
  const base::Clock& clock_;
  std::optional<Connection> connection_;
  std::optional<std::int64_t> epoch_;         ///< of the last store
  bool lost_ = false;                         ///< the database could not be reached
  std::optional<base::SteadyTime> our_turn_;  ///< when others may try after an outage
};

}  // namespace aka::store
