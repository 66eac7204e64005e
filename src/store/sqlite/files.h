#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace aka::store {

/// Makes the directory of `path` (mode 0700), if only that is missing.
base::Result<void> make_directory_of(const std::string& path);

/// Makes an empty file (mode 0600), if there is none. An error if it cannot be written.
base::Result<void> make_file(const std::string& path);

/// Whether a write-ahead log lies beside a database that is not there or empty: the database was
/// lost, and opening it would lose the log too.
bool has_orphaned_log(const std::string& path);

/// Moves a database with its -wal and -shm to `<path>.damaged-<UTC time>`; answers that name.
base::Result<std::string> set_aside(const std::string& path, base::WallTime now);

/// The newest file that set_aside() made for this path; nothing if there is none.
std::optional<std::string> newest_set_aside(const std::string& path);

/// The right of one process to write to a store: an advisory lock on a file that holds its id.
/// Given back when the process ends, however it ends.
class OwnerLock {
 public:
  /// `busy`: another process has it, the message says which.
  static base::Result<OwnerLock> take(const std::string& path);

  OwnerLock(OwnerLock&& other) noexcept;
  OwnerLock& operator=(OwnerLock&&) = delete;
  ~OwnerLock();

 private:
  explicit OwnerLock(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
};

}  // namespace aka::store
