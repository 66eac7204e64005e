#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "app/shard.h"
#include "base/clock.h"
#include "base/diagnostics.h"
#include "base/result.h"
#include "settings/settings.h"
#include "store/journal_reader.h"
#include "store/store.h"
#include "store/writer.h"

namespace aka::app {

/// A store, and what it holds.
struct OpenedStore {
  std::unique_ptr<store::Store> store;
  store::Restored restored;
};

/// How a process comes to the store that its settings name. `take` and `again` are for one thread
/// at a time, and not both at once.
struct StoreAccess {
  /// Whether other processes may be after the same store: who cannot have it stands by.
  bool shared = false;
  /// Whoever had it before. `busy`: another process has it.
  std::function<base::Result<OpenedStore>()> take;
  /// Of a process that goes on with what it knows. `busy`, too: another one had it meanwhile.
  store::OpenStore again;
  /// Beside whoever has it; from any thread.
  std::function<base::Result<std::unique_ptr<store::JournalReader>>()> journal;
};

/// The settings are those of a configuration that was confined to the shard.
StoreAccess store_access(const settings::StoreSettings& settings, const std::optional<Shard>& shard,
                         const base::Clock& clock);

/// A chain of the journal, with a name for people.
struct JournalChain {
  std::string name;
  std::unique_ptr<store::JournalReader> reader;
};

/// The chains of all shards that there are, or of one; `settings` are those of no shard.
base::Result<std::vector<JournalChain>> journal_chains(const settings::StoreSettings& settings,
                                                       const std::optional<int>& shard);

/// What only the database's library and a file of the password can tell.
void check_store(const settings::StoreSettings& settings, base::Diagnostics& diagnostics);

}  // namespace aka::app
