#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "incident/book.h"
#include "store/store.h"

namespace aka::app {

/// Which keys were polled of late, for a store that others may have: whoever takes over begins with
/// the keys that have waited longest, however short the lives of owners are. A ring of facts, each
/// with the polls of two seconds. Safe from any thread.
class RecentPolls {
 public:
  void add(const incident::Scope& scope);

  /// What was added since the last call, as the ring's fact of this moment; nothing if nothing was.
  std::optional<store::Fact> take(base::WallTime now);

  /// When each key of the ring was polled last; some seconds too early, never too late.
  using Times = std::unordered_map<incident::Scope, base::WallTime, incident::ScopeHash>;
  static Times read(const std::vector<store::Fact>& facts);

 private:
  std::mutex mutex_;  // guards all below
  std::string polled_;
  base::WallTime since_{};  ///< of the first in polled_
};

}  // namespace aka::app
