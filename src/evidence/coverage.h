#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "evidence/evidence.h"

namespace aka::evidence {

/// Finds the times in which a journal proves nothing of an organization. Process runs and hourly
/// checkpoints are its marks: between two marks of one run more than 90 minutes apart, nobody
/// knows; between two runs nobody watched; and a checkpoint without one conclusive poll proves
/// nothing of the time since the mark before.
class CoverageKeeper {
 public:
  explicit CoverageKeeper(Period period) : period_(period) {}

  void started(base::WallTime time);
  void stopped(base::WallTime time);
  /// Any record: the process still ran then.
  void alive(base::WallTime time);
  void key_added(const std::string& org_id, base::WallTime time);
  void key_removed(const std::string& org_id, base::WallTime time);
  struct Checkpoint {
    std::string org_id;
    base::WallTime time{};
    std::int64_t polls = 0;
    std::int64_t conclusive = 0;
    std::optional<base::WallTime> oldest_success{};  ///< nothing: some key was never proven
  };
  void checkpoint(const Checkpoint& checkpoint);

  /// Of every organization that was configured in the period; only ids, no names. `made`: now.
  std::vector<Coverage> finish(base::WallTime made);

 private:
  struct Organization {
    std::int64_t keys = 0;
    base::WallTime since{};  // when it got its first key
    base::WallTime mark{};   // until when things are known
    std::vector<Period> watched;
    Coverage coverage;
  };

  void add_gap(Organization& organization, base::WallTime from, base::WallTime until,
               const std::string& why) const;
  void end_watch(Organization& organization, base::WallTime time) const;
  void end_run(base::WallTime time);

  const Period period_;
  bool running_ = false;
  base::WallTime alive_{};  // the newest record's time
  std::map<std::string, Organization> organizations_;
};

}  // namespace aka::evidence
