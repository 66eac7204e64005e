#pragma once

#include <optional>

#include "base/clock.h"
#include "base/duration.h"
#include "model/observation.h"

namespace aka::audit {

/// A number from 0 to 1 that spreads retries; handed in, so that the arithmetic stays pure.
using Chance = double;

/// Whether the service, or the way to it, is in trouble: throttling, 5xx, no answer. An answer
/// that refuses (401, 403) or that is about the key is not.
bool is_service_trouble(const model::Failure& failure);

/// How long a key waits for its next poll after `failures` troubled ones in a row: never less
/// than its interval; short intervals grow, doubling from 1 s up to a minute.
base::Duration wait_after_failure(int failures, base::Duration interval, Chance chance);

/// When a whole organization may be asked again. Trouble of a single key holds up nobody; from the
/// third troubled answer in a row on, whichever keys they were for, all wait: 1 s, 2 s, ... 60 s.
/// A 429 holds at once: as long as `Retry-After` says (an hour at most), else 10 s, 20 s, ... 5
/// min.
class OrganizationBackoff {
 public:
  /// After every answer; `failure` is null if it was a good one.
  void note(const model::Failure* failure, std::optional<base::Duration> retry_after,
            base::SteadyTime now, Chance chance);

  /// Not before this instant may a request start.
  base::SteadyTime held_until() const { return held_until_; }

 private:
  int troubled_ = 0;
  int throttled_ = 0;
  base::SteadyTime held_until_{};
};

}  // namespace aka::audit
