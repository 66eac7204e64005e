// One pass over all keys, which counts and picks. Entry point: board_of(). The order is by how bad
// a key stands; within that it is the configuration's, so that nothing jumps.
#include "page/board.h"

#include <algorithm>

#include "report/finding_text.h"

namespace aka::page {
namespace {

using report::KeyView;

char lower(char symbol) {
  return symbol >= 'A' && symbol <= 'Z' ? static_cast<char>(symbol - 'A' + 'a') : symbol;
}

bool holds(std::string_view text, std::string_view wanted) {
  const auto same = [](char left, char right) { return lower(left) == lower(right); };
  return std::search(text.begin(), text.end(), wanted.begin(), wanted.end(), same) != text.end();
}

bool fits_search(const KeyView& view, const std::string& search) {
  if (search.empty() || holds(view.key.name, search) || holds(view.organization.name, search) ||
      holds(*view.key.owner, search) || holds(report::policy_label(view.key), search) ||
      holds(view.key.id.to_string(), search) || holds(view.organization.id.to_string(), search)) {
    return true;
  }
  return std::ranges::any_of(report::findings_of(view.status), [&](const model::Finding& finding) {
    return holds(report::role_of(finding), search) || holds(to_string(finding.kind), search);
  });
}

/// Worst first. Those with findings come by severity, before all others.
std::size_t rank_of(const KeyView& view, Standing standing) {
  if (standing == Standing::findings) return 2 - static_cast<std::size_t>(worst_of(view.status));
  return 2 + static_cast<std::size_t>(standing);
}

class Counter {
 public:
  Counter(const model::Snapshot& snapshot, const Filter& filter)
      : snapshot_(snapshot), filter_(filter) {
    board_.organizations.resize(snapshot.roster->organizations.size());
  }

  Board count() {
    for (std::size_t i = 0; i < snapshot_.roster->organizations.size(); ++i) count(i);
    turn_pages();
    return std::move(board_);
  }

 private:
  void count(std::size_t index) {
    const model::Organization& organization = snapshot_.roster->organizations[index];
    for (std::size_t i = 0; i < organization.keys.size(); ++i) {
      const KeyView view{organization, organization.keys[i],
                         snapshot_.status(organization.first_key + i)};
      const Standing standing = standing_of(view, snapshot_);
      ++board_.keys;
      if (!report::is_judged(view.status)) ++board_.unjudged;
      if (standing == Standing::stale) ++board_.stale;
      Tally& tally = board_.organizations[index];
      ++tally.standings[static_cast<std::size_t>(standing)];
      tally.last_poll = std::max(tally.last_poll, view.status.last_poll);
      take(view, {index, i, false, standing});
    }
    std::size_t unlisted = 0;
    report::each_unmanaged_view(snapshot_, organization, [&](const KeyView& view) {
      take(view, {index, unlisted++, true, Standing::findings});
    });
  }

  void take(const KeyView& view, const Entry& entry) {
    if (!view.key.owner->empty()) board_.owners.insert(*view.key.owner);
    if (entry.standing == Standing::findings) {
      ++board_.drifting;
      board_.findings += static_cast<std::size_t>(
          std::ranges::count(report::findings_of(view.status), false, &model::Finding::waived));
    }
    if (!filter_.organization.empty() && view.organization.name != filter_.organization) return;
    if (!filter_.owner.empty() && *view.key.owner != filter_.owner) return;
    if (!fits_search(view, filter_.search)) return;
    ++board_.standings[static_cast<std::size_t>(entry.standing)];
    if (filter_.standing && entry.standing != *filter_.standing) return;
    if (filter_.severity &&
        (entry.standing != Standing::findings || worst_of(view.status) != *filter_.severity)) {
      return;
    }
    ranks_[rank_of(view, entry.standing)].push_back(entry);
  }

  void turn_pages() {
    for (const auto& rank : ranks_) board_.matching += rank.size();
    board_.pages =
        std::max<std::size_t>(1, (board_.matching + Board::kPageSize - 1) / Board::kPageSize);
    board_.page = std::min(filter_.page, board_.pages);
    std::size_t skip = (board_.page - 1) * Board::kPageSize;
    for (const auto& rank : ranks_) {
      const std::size_t skipped = std::min(skip, rank.size());
      skip -= skipped;
      const std::size_t room = Board::kPageSize - board_.entries.size();
      const auto first = rank.begin() + static_cast<std::ptrdiff_t>(skipped);
      board_.entries.insert(
          board_.entries.end(), first,
          first + static_cast<std::ptrdiff_t>(std::min(room, rank.size() - skipped)));
    }
  }

  const model::Snapshot& snapshot_;
  const Filter& filter_;
  std::array<std::vector<Entry>, 2 + kStandings.size()> ranks_;
  Board board_;
};

}  // namespace

void with_view(const model::Snapshot& snapshot, const Entry& entry,
               const std::function<void(const KeyView&)>& look) {
  const model::Organization& organization = snapshot.roster->organizations[entry.organization];
  if (!entry.unlisted) {
    look({organization, organization.keys[entry.key],
          snapshot.status(organization.first_key + entry.key)});
    return;
  }
  std::size_t index = 0;
  report::each_unmanaged_view(snapshot, organization, [&](const KeyView& view) {
    if (index++ == entry.key) look(view);
  });
}

Board board_of(const model::Snapshot& snapshot, const Filter& filter) {
  return Counter(snapshot, filter).count();
}

}  // namespace aka::page
