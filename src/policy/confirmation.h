#pragma once

#include "model/finding.h"
#include "model/observation.h"
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

/// Whether the failures of a key may be those of its organization, which has an alert of its own:
/// it is out of reach, was so when they were counted, or has said nothing since they began.
bool may_be_outage(const model::Organization& organization,
                   const model::OrganizationStatus& organization_status,
                   const model::KeyStatus& status);

/// Before a poll: what was counted while the organization was out of reach does not count any
/// more, so that each of its keys has to fail anew.
void forget_outage(model::KeyStatus& status, const model::OrganizationStatus& organization_status);

/// After a poll of one of its keys. A conclusive one ends an outage.
void note_poll(model::OrganizationStatus& status, const model::Observation& observation);

/// Whether no key of the organization gave a conclusive answer for one interval though asked
/// at least twice, or once an interval ago, as when a single 429 holds all polls. Of an
/// organization with a single key nobody can say: that key's own alerts do.
bool is_out_of_reach(const model::Organization& organization,
                     const model::OrganizationStatus& status, base::SteadyTime now);

}  // namespace aka::policy
