#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "model/snapshot.h"
#include "page/filter.h"
#include "page/standing.h"

namespace aka::page {

/// A key on the page: a configured one, or an unlisted one.
struct Entry {
  std::size_t organization = 0;  ///< index in the roster
  std::size_t key = 0;           ///< index in the organization, or among its unlisted keys
  bool unlisted = false;
  Standing standing = Standing::pending;
};

/// Calls `look` with the entry as a key; an unlisted one as if it were listed. The view is valid
/// during the call.
void with_view(const model::Snapshot& snapshot, const Entry& entry,
               const std::function<void(const report::KeyView&)>& look);

/// What an organization's keys come to.
struct Tally {
  std::array<std::size_t, kStandings.size()> standings{};
  base::WallTime last_poll{};  ///< of any of its keys
};

/// One page of the keys that pass a filter, the worst first, with the counts around it.
struct Board {
  static constexpr std::size_t kPageSize = 100;

  /// Keys by standing; they pass all of the filter but its standing and severity.
  std::array<std::size_t, kStandings.size()> standings{};
  std::size_t keys = 0;      ///< configured ones, whatever the filter
  std::size_t findings = 0;  ///< open ones of all keys, whatever the filter
  std::size_t unjudged =
      0;  ///< keys that the last poll could not judge, or that are not polled yet
  std::size_t drifting = 0;  ///< keys with open findings, whatever the filter
  std::size_t stale = 0;     ///< likewise
  std::size_t matching = 0;  ///< entries that pass the whole filter
  std::size_t page = 1;      ///< from 1; the last one if the filter asks for more
  std::size_t pages = 1;
  std::vector<Entry> entries;        ///< of this page
  std::vector<Tally> organizations;  ///< parallel to the roster's, whatever the filter
  std::set<std::string> owners;      ///< of all keys; without the empty one
};

Board board_of(const model::Snapshot& snapshot, const Filter& filter);

}  // namespace aka::page
