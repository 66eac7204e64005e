#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"
#include "model/finding.h"
#include "model/roster.h"
#include "model/status.h"

namespace aka::policy {

/// Whether the waiver speaks of this finding, its date aside: the same kind, role and scope,
/// letter for letter; of a description or a public key also the same actual text.
bool binds(const model::Waiver& waiver, const model::Finding& finding);

/// Whether one of the key's waivers forgives the finding at `now`. Every path asks here: judging a
/// poll, loading a configuration, and a waiver lapsing between polls.
bool is_waived(const model::Finding& finding, const model::Key& key, base::WallTime now);

/// The first instant after `now` at which a waiver of the key lapses; nothing if none will.
std::optional<base::WallTime> next_lapse(const model::Key& key, base::WallTime now);

enum class WaiverState {
  expired,   ///< its instant has come
  unused,    ///< a conclusive poll, judged by the current policy, found nothing it binds
  expiring,  ///< lapses within 7 days
  active,
};

std::string_view to_string(WaiverState state);

/// The first of the states that applies. `status` is of the waiver's key.
WaiverState waiver_state(const model::Waiver& waiver, const model::KeyStatus& status,
                         base::WallTime now);

}  // namespace aka::policy
