// What the pages of a list say of the configured keys. Entry point: ListPass::take(), once for each
// page. No clock, no threads: who asks for pages and what comes of it is in list_walk.cpp.
#include "audit/listing.h"

#include <algorithm>

#include <fmt/format.h>

#include "atlas/classify.h"
#include "policy/confirmation.h"

namespace aka::audit {
namespace {

/// Twice what the service can hold; a list longer than that does not end.
constexpr int kMostPages = 2000;

}  // namespace

ListPass::ListPass(const model::Organization& organization) : told_(organization.keys.size()) {
  places_.reserve(organization.keys.size());
  for (const model::Key& key : organization.keys) {
    places_.emplace_back(key.id, static_cast<std::uint32_t>(places_.size()));
  }
  std::ranges::sort(places_);
}

void ListPass::begin() {
  told_.assign(told_.size(), false);
  told_count_ = 0;
}

std::optional<std::uint32_t> ListPass::first_told(model::KeyId id) {
  const auto place =
      std::ranges::lower_bound(places_, id, {}, &std::pair<model::KeyId, std::uint32_t>::first);
  if (place == places_.end() || place->first != id || told_[place->second]) return std::nullopt;
  told_[place->second] = true;
  ++told_count_;
  return place->second;
}

std::vector<Told> ListPass::take(atlas::KeyPage& page) {
  std::vector<Told> told;
  for (model::KeyRecord& record : page.keys) {
    if (const auto key = first_told(record.id)) told.push_back({*key, std::move(record)});
  }
  for (const atlas::UnreadableKey& unreadable : page.unreadable) {
    const auto key = unreadable.id ? first_told(*unreadable.id) : std::nullopt;
    if (key) told.push_back({*key, atlas::classify_unreadable(unreadable)});
  }
  return told;
}

std::vector<std::uint32_t> ListPass::untold() const {
  std::vector<std::uint32_t> keys;
  for (std::size_t i = 0; i < told_.size(); ++i) {
    if (!told_[i]) keys.push_back(static_cast<std::uint32_t>(i));
  }
  return keys;
}

std::string PageCount::add(const atlas::KeyPage& page) {
  ++pages_;
  if (page.last) return {};
  std::vector<model::KeyId> ids;
  for (const model::KeyRecord& record : page.keys) ids.push_back(record.id);
  const bool again = !ids.empty() && ids == before_;
  before_ = std::move(ids);
  if (again) {
    return fmt::format(
        "page {} of the list of keys is page {} once more: what answers does not look "
        "at the number of the page; check atlas.base_url and what stands before it",
        pages_, pages_ - 1);
  }
  if (pages_ < kMostPages) return {};
  return fmt::format("the list of keys has no end: page {} names a next one", pages_);
}

bool is_known_gone(const model::KeyStatus& status, const model::Key& key, int confirm,
                   base::SteadyTime now, base::Duration limit) {
  return status.evidence == model::Evidence::missing && status.last_poll == status.last_success &&
         status.judged_by_current_policy && now - status.last_success_steady <= limit &&
         !policy::awaits_repeat(status, key, confirm);
}

}  // namespace aka::audit
