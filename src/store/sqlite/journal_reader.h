#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "store/journal_reader.h"

namespace aka::store {

/// Errors: `not_found`: no such file; `invalid_input`: no store of ours, or damaged.
base::Result<std::unique_ptr<JournalReader>> open_sqlite_journal(const std::string& path);

}  // namespace aka::store
