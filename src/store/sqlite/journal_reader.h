#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/store.h"

namespace aka::store {

/// Reads the journal of a SQLite store, beside a daemon that owns it or without one, and writes
/// nothing. What it sees is one moment: records that come later are not among them.
class JournalReader {
 public:
  virtual ~JournalReader() = default;

  /// The newest record by the store's own account: what Verifier::finish() is to be given.
  virtual base::Result<Head> head() = 0;
  /// Records from `first_seq` on, ascending, until `take` returns false; one at a time in memory.
  virtual base::Result<void> each(std::int64_t first_seq, const RecordTaker& take) = 0;
  /// The newest records of a key, the newest first, at most `most`.
  virtual base::Result<std::vector<journal::Record>> newest_of(const std::string& org_id,
                                                               const std::string& key_id,
                                                               std::int64_t most) = 0;
};

/// Errors: `not_found`: no such file; `invalid_input`: no store of ours, or damaged.
base::Result<std::unique_ptr<JournalReader>> open_sqlite_journal(const std::string& path);

}  // namespace aka::store
