// From settings to a store: a file, or a shard of a database. Entry points: store_access(),
// journal_chains().
#include "app/store_access.h"

#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "ledger/facts.h"
#include "store/postgres/journal_reader.h"
#include "store/postgres/postgres_store.h"
#include "store/sqlite/journal_reader.h"
#include "store/sqlite/sqlite_store.h"

namespace aka::app {
namespace {

using base::Result;

store::PostgresAddress address_of(const settings::StoreSettings& settings) {
  return {settings.url, [password = settings.password]() -> Result<base::Secret> {
            return password ? password->read() : base::Secret();
          }};
}

Result<OpenedStore> with_content(Result<std::unique_ptr<store::Store>> store) {
  if (!store) return tl::unexpected(std::move(store).error());
  auto restored = (*store)->restore();
  if (!restored) return tl::unexpected(std::move(restored).error());
  return OpenedStore{*std::move(store), *std::move(restored)};
}

StoreAccess file_access(const std::string& path, const base::Clock& clock) {
  const auto open = [path, &clock] { return store::open_sqlite_store(path, clock); };
  return {false, [open] { return with_content(open()); }, open,
          [path] { return store::open_sqlite_journal(path); }};
}

StoreAccess database_access(const settings::StoreSettings& settings, int shard,
                            const base::Clock& clock) {
  const store::PostgresAddress address = address_of(settings);
  // An organization that moves to another shard takes with it what is known of it.
  const auto is_common = [](const store::Fact& fact) {
    return ledger::organization_of(fact).has_value();
  };
  const auto claim = std::make_shared<store::PostgresClaim>(
      store::PostgresOptions{address, shard, is_common}, clock);
  return {true, [claim] { return with_content(claim->take()); },
          [claim] { return claim->take_again(); },
          [address, shard] { return store::open_postgres_journal(address, shard); }};
}

/// The stores that processes with this path have, of all shards and of one that is no shard.
std::vector<std::string> files_of(const std::string& path, const std::optional<int>& shard) {
  if (shard) return {store_path_of(path, *shard)};
  std::vector<std::string> paths;
  std::error_code failed;
  if (std::filesystem::exists(path, failed)) paths.push_back(path);
  for (int index = 0; index < kMostShards; ++index) {
    std::string own = store_path_of(path, index);
    if (std::filesystem::exists(own, failed)) paths.push_back(std::move(own));
  }
  // Without any, the error is to name what the configuration names.
  return paths.empty() ? std::vector{path} : paths;
}

Result<std::vector<JournalChain>> database_chains(const settings::StoreSettings& settings,
                                                  const std::optional<int>& shard) {
  const store::PostgresAddress address = address_of(settings);
  auto shards =
      shard ? Result<std::vector<int>>(std::vector{*shard}) : store::postgres_shards(address);
  if (!shards) return tl::unexpected(std::move(shards).error());
  std::vector<JournalChain> chains;
  for (const int one : *shards) {
    auto reader = store::open_postgres_journal(address, one);
    if (!reader) return tl::unexpected(std::move(reader).error());
    chains.push_back({fmt::format("shard {}", one), *std::move(reader)});
  }
  return chains;
}

}  // namespace

StoreAccess store_access(const settings::StoreSettings& settings, const std::optional<Shard>& shard,
                         const base::Clock& clock) {
  if (settings.url.empty()) return file_access(settings.path, clock);
  return database_access(settings, shard ? shard->index : 0, clock);
}

Result<std::vector<JournalChain>> journal_chains(const settings::StoreSettings& settings,
                                                 const std::optional<int>& shard) {
  if (!settings.url.empty()) return database_chains(settings, shard);
  std::vector<JournalChain> chains;
  for (const std::string& path : files_of(settings.path, shard)) {
    auto reader = store::open_sqlite_journal(path);
    if (!reader) return tl::unexpected(std::move(reader).error());
    chains.push_back({path, *std::move(reader)});
  }
  return chains;
}

void check_store(const settings::StoreSettings& settings, base::Diagnostics& diagnostics) {
  if (settings.url.empty()) return;
  if (const auto fine = store::check_postgres_url(settings.url); !fine)
    diagnostics.error(settings.url_mark, "'url' of 'store' " + fine.error().message);
  if (settings.password) base::read_secret(*settings.password, diagnostics);
}

}  // namespace aka::app
