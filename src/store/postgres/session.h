#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "store/postgres/connection.h"
#include "store/store.h"

namespace aka::store {

/// What the database says of a shard by its own account.
struct ShardRow {
  std::int64_t epoch = 0;  ///< 0: nobody ever had it
  Head head;
  std::int64_t last_outbox_id = 0;
  std::string owner;  ///< host and process
};

/// A connection to a database whose tables are there.
base::Result<Connection> open_session(const PostgresAddress& address, int shard);

/// Whether this session has the shard's lock from now on, until it ends.
base::Result<bool> try_lock(Connection& connection, int shard);

base::Result<ShardRow> shard_row(Connection& connection, int shard);

/// The next epoch is this session's; it has the lock.
base::Result<ShardRow> begin_epoch(Connection& connection, int shard);

/// `invalid_input` if the newest record is not the one that the shard's row names.
base::Result<void> check_head(Connection& connection, int shard, const Head& head);

}  // namespace aka::store
