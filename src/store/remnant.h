#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "store/store.h"

namespace aka::store {

/// What remains of transitions whose records were dropped: how many those were, and everything a
/// restart needs, the newest of each fact only.
class Remnant {
 public:
  /// Adds a transition that is newer than all before.
  void fold(Transition transition);
  /// Adds another remnant that is newer than all before.
  void fold(const Remnant& newer);

  bool empty() const;
  /// All of it as one transition, with a `journal_recovered` record if records were lost.
  Transition transition(base::WallTime now) const;

 private:
  void fold_state(std::vector<Fact> facts, std::vector<OutboxEntry> outbox,
                  const std::vector<std::int64_t>& delivered);

  std::size_t lost_records_ = 0;
  std::map<std::pair<FactKind, std::string>, std::optional<std::string>> facts_;
  std::map<std::int64_t, OutboxEntry> outbox_;
  std::set<std::int64_t> delivered_;
};

}  // namespace aka::store
