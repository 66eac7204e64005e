#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "journal/record.h"
#include "store/sqlite/database.h"
#include "store/store.h"

namespace aka::store {

/// The columns that record_in() reads, in its order.
inline constexpr std::string_view kRecordColumns =
    "seq, time, type, org_id, key_id, data, prev, hash";

journal::Record record_in(const Statement& row);

/// The newest record by the store's own account, which stands beside the journal.
base::Result<Head> recorded_head(Database& database);
std::string head_text(const Head& head);

/// The same, compared with the journal's last record; kDamaged if the two do not fit.
base::Result<Head> checked_head(Database& database);

}  // namespace aka::store
