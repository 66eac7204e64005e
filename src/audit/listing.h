#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "atlas/key_page.h"
#include "base/clock.h"
#include "base/duration.h"
#include "model/observation.h"
#include "model/roster.h"
#include "model/status.h"

namespace aka::audit {

/// A configured key, and what a page of the list says of it.
struct Told {
  std::uint32_t key = 0;  ///< index in Organization::keys
  model::Answer answer;
};

/// One walk through the pages of an organization's list, as far as its configured keys go. Keys
/// that come and go move others between pages, so that one may show up twice, or not at all. A
/// value without threads, as all here.
class ListPass {
 public:
  /// `organization` must outlive it.
  explicit ListPass(const model::Organization& organization);

  /// What a page tells of the configured keys that no page told of since begin(): a key that
  /// cannot be read is its own failure. Takes the records of these keys out of `page`.
  std::vector<Told> take(atlas::KeyPage& page);
  /// The configured keys of which no page told since begin(), in order.
  std::vector<std::uint32_t> untold() const;
  bool told_all() const { return told_count_ == told_.size(); }
  void begin();

 private:
  /// The configured key with this id, unless it was told of before.
  std::optional<std::uint32_t> first_told(model::KeyId id);

  std::vector<std::pair<model::KeyId, std::uint32_t>> places_;  // sorted
  std::vector<bool> told_;                                      // by key
  std::size_t told_count_ = 0;
};

/// Whether the pages of a list lead to its end: a service that ignores the number of the page, or
/// names a next one for ever, must not be asked for ever.
class PageCount {
 public:
  /// After each page; what is wrong with the list, for people, or empty.
  std::string add(const atlas::KeyPage& page);
  /// To be asked for next, from 1 on.
  int next() const { return pages_ + 1; }

 private:
  int pages_ = 0;
  std::vector<model::KeyId> before_;  // on the page before
};

/// Whether a list on one page, which is one moment of the organization, may stand for the answer
/// that there is no such key: if that is what the key's own last polls said, as often as it takes
/// to be sure, and not longer than `limit` ago. Otherwise, and always where pages could miss a key
/// that moved, it is asked for by itself before anything is concluded.
bool is_known_gone(const model::KeyStatus& status, const model::Key& key, int confirm,
                   base::SteadyTime now, base::Duration limit);

}  // namespace aka::audit
