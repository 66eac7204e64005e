#pragma once

#include <cstdint>

#include "base/result.h"
#include "store/postgres/connection.h"

namespace aka::store {

/// Facts that belong to all shards of a database have this in the place of the shard's number.
inline constexpr std::int64_t kEveryShard = -1;

/// Brings the tables, in the schema that the session is in, to this version's form; several
/// processes may do so at once. `invalid_input`: a newer version of the program wrote them.
base::Result<void> migrate(Connection& connection);

/// The same without a change: `not_found` if there are none, `invalid_input` if this version cannot
/// read them.
base::Result<void> check_version(Connection& connection);

}  // namespace aka::store
