// Which organizations are whose. Entry points: parse_shard(), confine(). SHA-256 is slow for a hash
// and fast enough here: it is the one that anybody can recompute with what every machine has.
#include "app/shard.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iterator>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "base/redaction.h"
#include "journal/chain.h"
#include "ledger/facts.h"

namespace aka::app {
namespace {

using base::ErrorKind;
using base::Result;

std::optional<int> whole_number(std::string_view text) {
  int number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = failure == std::errc() && end == text.data() + text.size();
  return whole && text.front() != '-' ? std::optional(number) : std::nullopt;
}

/// Of "auditor-2" the 2.
Result<int> ordinal_of(const Environment& environment) {
  for (const char* variable : {"POD_NAME", "HOSTNAME"}) {
    const std::optional<std::string> name = environment(variable);
    if (!name || name->empty()) continue;
    const std::size_t digits = name->find_last_not_of("0123456789") + 1;
    const auto number = whole_number(std::string_view(*name).substr(digits));
    const bool follows_dash = digits > 0 && (*name)[digits - 1] == '-';
    if (number && follows_dash) return *number;
    return base::fail(
        ErrorKind::invalid_input,
        fmt::format("'ordinal' needs a name that ends in '-' and a number, as the pods of a "
                    "StatefulSet have it, but {} is '{}'",
                    variable, base::shown(*name)));
  }
  return base::fail(ErrorKind::invalid_input,
                    "'ordinal' needs the name of the pod in POD_NAME or HOSTNAME, and neither is "
                    "set");
}

}  // namespace

Environment process_environment() {
  return [](const char* name) -> std::optional<std::string> {
    const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets any
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

std::string to_string(const Shard& shard) { return fmt::format("{}/{}", shard.index, shard.count); }

Result<Shard> parse_shard(std::string_view text, const Environment& environment) {
  const std::size_t slash = text.find('/');
  const std::string_view index = text.substr(0, slash);
  const auto count =
      slash == std::string_view::npos ? std::nullopt : whole_number(text.substr(slash + 1));
  const bool by_ordinal = index == "ordinal";
  std::optional<int> number = whole_number(index);
  if (!count || *count < 1 || *count > kMostShards || (!number && !by_ordinal)) {
    return base::fail(ErrorKind::invalid_input,
                      fmt::format("expects I/N, as 0/4 for the first of four shards, or ordinal/N "
                                  "in a StatefulSet, with N from 1 to {}; not '{}'",
                                  kMostShards, base::shown(text)));
  }
  if (by_ordinal) {
    const Result<int> ordinal = ordinal_of(environment);
    if (!ordinal) return tl::unexpected(ordinal.error());
    number = *ordinal;
  }
  if (*number >= *count) {
    return base::fail(
        ErrorKind::invalid_input,
        fmt::format("there is no shard {} of {}: they are numbered from 0 to {}{}", *number, *count,
                    *count - 1, by_ordinal ? "; N must be the number of the set's replicas" : ""));
  }
  return Shard{*number, *count};
}

int shard_of(model::OrganizationId organization, int count) {
  int winner = 0;
  std::string greatest;
  for (int shard = 0; shard < count; ++shard) {
    // Hex digits sort as the bytes do.
    std::string score = journal::sha256_hex(fmt::format("{}/{}", organization.to_string(), shard));
    if (score <= greatest) continue;
    greatest = std::move(score);
    winner = shard;
  }
  return winner;
}

bool is_own(const std::optional<Shard>& shard, model::OrganizationId organization) {
  return !shard || shard_of(organization, shard->count) == shard->index;
}

std::shared_ptr<const model::Roster> part_of(
    const std::shared_ptr<const model::Roster>& roster,
    const std::function<bool(const model::Organization&)>& keep) {
  if (std::ranges::all_of(roster->organizations, keep)) return roster;
  auto part = std::make_shared<model::Roster>();
  std::ranges::copy_if(roster->organizations, std::back_inserter(part->organizations), keep);
  for (model::Organization& organization : part->organizations) {
    organization.first_key = part->key_count;
    part->key_count += organization.keys.size();
  }
  return part;
}

std::string store_path_of(const std::string& path, int shard) {
  std::filesystem::path own(path);
  own.replace_filename(
      fmt::format("{}-{}{}", own.stem().string(), shard, own.extension().string()));
  return own.string();
}

void confine(Configuration& configuration, const std::optional<Shard>& shard) {
  if (!shard) return;
  configuration.watched = part_of(
      configuration.roster, [&](const model::Organization& one) { return is_own(shard, one.id); });
  std::string& path = configuration.settings.store.path;
  path = store_path_of(path, shard->index);
}

std::vector<store::Fact> take_foreign(const std::optional<Shard>& shard,
                                      std::vector<store::Fact>& facts) {
  std::vector<store::Fact> foreign;
  if (!shard) return foreign;
  std::unordered_map<model::OrganizationId, bool> own;
  const auto is_foreign = [&](const store::Fact& fact) {
    const auto organization = ledger::organization_of(fact);
    if (!organization) return false;
    const auto [place, is_new] = own.try_emplace(*organization, false);
    if (is_new) place->second = is_own(shard, *organization);
    return !place->second;
  };
  const auto begin = std::stable_partition(facts.begin(), facts.end(), std::not_fn(is_foreign));
  foreign.assign(std::make_move_iterator(begin), std::make_move_iterator(facts.end()));
  facts.erase(begin, facts.end());
  return foreign;
}

}  // namespace aka::app
