#pragma once

#include "base/clock.h"
#include "model/finding.h"
#include "model/roster.h"
#include "model/status.h"

namespace aka::policy {

/// Whether the waiver speaks of this finding, its date aside: the same kind, role and scope,
/// letter for letter; of a description or a public key also the same actual text.
bool binds(const model::Waiver& waiver, const model::Finding& finding);

/// The waiver of the key that forgives the finding at `now`; null: none does. Every path asks here:
/// judging a poll, loading a configuration, a waiver lapsing between polls, and the reports.
const model::Waiver* forgiving(const model::Finding& finding, const model::Key& key,
                               base::WallTime now);

bool is_waived(const model::Finding& finding, const model::Key& key, base::WallTime now);

/// The first of the states that applies. `status` is of the waiver's key.
model::WaiverState waiver_state(const model::Waiver& waiver, const model::KeyStatus& status,
                                base::WallTime now);

}  // namespace aka::policy
