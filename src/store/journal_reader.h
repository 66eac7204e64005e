#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/store.h"

namespace aka::store {

/// Reads the journal of a store, beside a daemon that owns it or without one, and writes nothing.
/// What it sees is one moment: records that come later are not among them.
class JournalReader {
 public:
  virtual ~JournalReader() = default;

  /// The newest record by the store's own account: what Verifier::finish() is to be given.
  virtual base::Result<Head> head() = 0;
  /// Records from `first_seq` on, ascending, until `take` returns false; few at a time in memory.
  virtual base::Result<void> each(std::int64_t first_seq, const RecordTaker& take) = 0;
  /// The newest records of a key, the newest first, at most `most`.
  virtual base::Result<std::vector<journal::Record>> newest_of(const std::string& org_id,
                                                               const std::string& key_id,
                                                               std::int64_t most) = 0;
};

}  // namespace aka::store
