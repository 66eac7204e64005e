#pragma once

#include "base/result.h"
#include "store/sqlite/database.h"

namespace aka::store {

/// Whether a database is new, ours or somebody else's, by its tables.
enum class Origin { empty, ours, foreign };
base::Result<Origin> origin_of(Database& database);

/// Brings the tables of an empty or older database to this version's form, one transaction a step.
/// `invalid_input`: a newer version of the program wrote it.
base::Result<void> migrate(Database& database);

/// The same without a change: whether this version can read it.
base::Result<void> check_version(Database& database);

}  // namespace aka::store
