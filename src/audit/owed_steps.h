#pragma once

#include <cstddef>
#include <unordered_map>
#include <vector>

#include "audit/observers.h"
#include "model/snapshot.h"
#include "policy/advance.h"

namespace aka::audit {

/// The steps of a reload: each key that stayed owes one. They follow while polls go on already, so
/// that no poll waits for all of them, and a key's comes before any other step of it. Everything
/// with the order of the steps locked.
class OwedSteps {
 public:
  /// Both must outlive it; the statuses of the table are those that the keys were left with.
  OwedSteps(const model::StatusTable& table, const Observers& observers);

  /// `advance` is what became of the key with this index among all keys, and its status in the
  /// table is `after`.
  void owe(std::size_t index, policy::Advance advance);

  /// Before any other step of this key.
  void settle(std::size_t index);
  /// The next `most` keys; whether any is left.
  bool settle_next(std::size_t most);

 private:
  void step(std::size_t index);

  const model::StatusTable& table_;
  const Observers& observers_;
  std::vector<bool> owed_;                                     // by key; empty: none
  std::unordered_map<std::size_t, policy::Advance> advances_;  // of keys that something changed for
  std::size_t next_ = 0;
};

}  // namespace aka::audit
