#pragma once

#include <vector>

#include "base/clock.h"
#include "model/finding.h"
#include "model/observation.h"
#include "model/roster.h"
#include "model/status.h"

namespace aka::policy {

enum class ChangeKind {
  opened,  ///< a new finding that no waiver forgives
  waived,  ///< a finding, new or open before, is forgiven from now on
  lapsed,  ///< a waived finding is open from now on
  closed,  ///< a finding, open or waived, was disproved by a conclusive poll
};

struct Change {
  ChangeKind kind = ChangeKind::opened;
  model::Finding finding;  ///< as it is now; of a closed one, as it was

  friend bool operator==(const Change&, const Change&) = default;
};

/// A step of a key's status, and what a log or a journal would say of it.
struct Advance {
  model::KeyStatus after;
  std::vector<Change> changes;                ///< in the order of judge(), closed ones last
  bool state_changed = false;                 ///< the state or its reason
  model::State from = model::State::pending;  ///< the state before
};

/// One poll. Only a conclusive observation opens or closes a finding or counts as evidence; a
/// failure changes the last poll's facts and nothing else. A finding that stays keeps its `since`;
/// when all stay as they were, `after` shares the findings of `before`. The findings of `before`
/// must be sorted as judge() sorts them. Pure.
Advance advance(const model::KeyStatus& before, const model::Key& key,
                const model::Observation& observation);

/// Whether two versions of a key are judged by the same policy, public key and expectation.
enum class Rules : bool { same, changed };
Rules rules_between(const model::Key& old_key, const model::Key& new_key);

/// The same key in a new configuration. What was found is held until a conclusive poll disproves
/// it; a changed policy, public key or expectation makes it unproven. Waivers act at once, both
/// those that came and those that went.
Advance carry_over(const model::KeyStatus& before, Rules rules, const model::Key& new_key,
                   base::WallTime now);

/// Time passes without a poll: waivers lapse.
Advance reevaluate(const model::KeyStatus& before, const model::Key& key, base::WallTime now);

}  // namespace aka::policy
