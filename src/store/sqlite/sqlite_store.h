#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "store/store.h"

namespace aka::store {

/// Opens the store in a SQLite file, or makes one (mode 0600, in a directory made with 0700 if only
/// that is missing). This process owns it until the store is destroyed: `<path>.lock` is locked.
///
/// A damaged database is moved to `<path>.damaged-<UTC time>`, with its -wal and -shm, and a new
/// one begins with a `journal_recovered` record that says so.
///
/// Errors: `busy`: another process has it, the message says which; `invalid_input`: the file is
/// another program's, or a newer version's; `permission`, `not_found`, `io`: no store can be had
/// now.
base::Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& path,
                                                       const base::Clock& clock);

}  // namespace aka::store
