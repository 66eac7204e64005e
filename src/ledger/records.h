#pragma once

#include <optional>
#include <string>
#include <vector>

#include "incident/book.h"
#include "journal/record.h"
#include "model/roster.h"
#include "model/snapshot.h"
#include "policy/advance.h"
#include "policy/compare.h"

namespace aka::ledger {

/// The drafts of the journal's records, one function for each type that the ledger writes.
/// `shard`: "2/4", if the process watches only that part of the organizations.
journal::Draft started(base::WallTime time, const std::string& version,
                       const std::optional<std::string>& shard);
journal::Draft stopped(base::WallTime time);
journal::Draft config_loaded(base::WallTime time, const std::string& sha256,
                             const model::Roster& roster);
journal::Draft key_added(base::WallTime time, const model::Organization& organization,
                         const model::Key& key);
/// `open`: the alerts that fired for it.
journal::Draft key_removed(base::WallTime time, const model::Organization& organization,
                           const model::Key& key, const std::vector<incident::SharedAlert>& open);
journal::Draft policy_weakened(base::WallTime time, const policy::Weakening& weakening);
/// What a load weakened, a line each, for people; past ten how many more.
std::string text_of(const std::vector<policy::Weakening>& weaker);
journal::Draft state_changed(base::WallTime time, const model::Organization& organization,
                             const model::Key& key, model::State from,
                             const model::KeyStatus& status);
/// `waiver`: what forgives a finding that is waived from now on; null: the finding is not.
journal::Draft finding_changed(base::WallTime time, const model::Organization& organization,
                               const std::string& key_id, const policy::Change& change,
                               const model::Waiver* waiver = nullptr);
journal::Draft alert_sent(base::WallTime time, const incident::Alert& alert,
                          const std::string& sink);
journal::Draft alert_resolved(base::WallTime time, const incident::Alert& alert,
                              incident::Cause cause);

/// `alert` is that of a drill, which begins or has ended.
journal::Draft drill(base::WallTime time, const incident::Alert& alert);

/// What an organization's polls came to since the checkpoint before.
struct Watch {
  std::int64_t keys = 0;
  std::int64_t polls = 0;
  std::int64_t conclusive = 0;
  base::WallTime oldest_success{};  ///< of its keys; the epoch: one has none
};
journal::Draft checkpoint(base::WallTime time, const model::Organization& organization,
                          const Watch& watch);

}  // namespace aka::ledger
