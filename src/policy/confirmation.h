#pragma once

#include "model/finding.h"
#include "model/roster.h"
#include "model/snapshot.h"
#include "model/status.h"

namespace aka::policy {

/// Whether one conclusive poll is enough to alert: what gives access, or gave it away.
bool counts_at_once(const model::Finding& finding);

/// Conclusive polls in a row that had the finding, which must be of that status.
std::uint32_t times_seen(const model::KeyStatus& status, const model::Finding& finding);

/// Whether a poll soon would tell more than the next one in turn: something was seen, or was not
/// seen any more, in fewer than `confirm` polls. Pure.
bool awaits_repeat(const model::KeyStatus& status, const model::Key& key, int confirm);

/// Whether no key of the organization gave a conclusive answer for one interval though asked
/// at least twice. Of an organization with a single key nobody can say: that key's own alerts do.
bool is_out_of_reach(const model::Organization& organization,
                     const model::OrganizationStatus& status, base::SteadyTime now);

}  // namespace aka::policy
