#pragma once

#include <cstdint>
#include <span>

#include "store/store.h"

namespace aka::store {

/// Hands the parts of the transitions to `write`, each kind by its own type (a delivered entry by
/// its id), in the order in which they belong on the disk, until one fails. Internal to the stores.
template <typename Write>
base::Result<void> write_parts(std::span<const Transition> transitions, Write write) {
  base::Result<void> written;
  const auto all = [&](const auto& parts) {
    for (const auto& part : parts) {
      if (written) written = write(part);
    }
  };
  for (const Transition& transition : transitions) {
    all(transition.records);
    all(transition.facts);
    all(transition.outbox);
    all(transition.delivered);
  }
  return written;
}

}  // namespace aka::store
