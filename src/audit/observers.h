#pragma once

#include <chrono>
#include <functional>

#include "atlas/client.h"
#include "model/observation.h"
#include "model/roster.h"
#include "policy/advance.h"

namespace aka::audit {

/// What one poll came to. References are valid during the call only.
struct PollReport {
  const model::Organization& organization;
  const model::Key& key;
  const model::Observation& observation;
  const atlas::Fetched& fetched;
  const policy::Advance& advance;
  std::chrono::nanoseconds lateness;  ///< start minus due time
};

/// Called on poll threads, several at once, after the tables were updated.
using PollObserver = std::function<void(const PollReport&)>;

/// Called for changes that no poll brought: a reload or a waiver's end. References are valid during
/// the call only; it must not call back.
using ChangeObserver =
    std::function<void(const model::Organization&, const model::Key&, const policy::Advance&)>;

struct Observers {
  PollObserver poll;
  ChangeObserver change;
};

}  // namespace aka::audit
