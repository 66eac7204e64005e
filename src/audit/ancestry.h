#pragma once

#include <cstddef>
#include <vector>

#include "model/roster.h"
#include "policy/advance.h"

namespace aka::audit {

inline constexpr std::size_t kNew = static_cast<std::size_t>(-1);

/// Where each organization and key of a roster stood in the one before; kNew if it was not there.
struct Ancestry {
  std::vector<std::size_t> organizations;
  std::vector<std::size_t> keys;     ///< by index among all keys
  std::vector<policy::Rules> rules;  ///< parallel to keys, of those that stay
};

/// `before` is null if there was none. Pure, as all below.
Ancestry ancestry(const model::Roster& roster, const model::Roster* before);

/// A key, found by its index among all keys of its roster.
struct Place {
  const model::Organization& organization;
  const model::Key& key;
};
Place key_at(const model::Roster& roster, std::size_t index);

/// Of an organization that is in the roster.
std::size_t index_of(const model::Roster& roster, const model::Organization& organization);

}  // namespace aka::audit
