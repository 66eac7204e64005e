#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "store/journal_reader.h"
#include "store/postgres/connection.h"

namespace aka::store {

/// The shards that have a chain in a database, ascending.
base::Result<std::vector<int>> postgres_shards(const PostgresAddress& address);

/// Errors: `not_found`: no store of ours, or no such shard; `invalid_input`: a newer version's;
/// `io`: the database cannot be reached.
base::Result<std::unique_ptr<JournalReader>> open_postgres_journal(const PostgresAddress& address,
                                                                   int shard);

}  // namespace aka::store
