// The arithmetic of coverage. Every organization has a mark, up to which the time is accounted for;
// each step moves it and notes a gap if the step does not reach back to it.
#include "evidence/coverage.h"

#include <algorithm>

namespace aka::evidence {
namespace {

/// Checkpoints are hourly; one may come late when the machine is busy.
constexpr base::Duration kLongest = std::chrono::minutes(90);

}  // namespace

void CoverageKeeper::add_gap(Organization& organization, base::WallTime from, base::WallTime until,
                             const std::string& why) const {
  from = std::max(from, period_.from);
  until = std::min(until, period_.until);
  if (from >= until) return;
  std::vector<Gap>& gaps = organization.coverage.gaps;
  if (!gaps.empty() && gaps.back().period.until == from && gaps.back().why == why) {
    gaps.back().period.until = until;
  } else {
    gaps.push_back({{from, until}, why});
  }
}

void CoverageKeeper::started(base::WallTime time) {
  // Without a stop, the process before was killed: its last record is the last that is known of it.
  if (running_) end_run(alive_);
  running_ = true;
  for (auto& [id, organization] : organizations_) {
    if (organization.keys == 0) continue;
    add_gap(organization, organization.mark, time, "no process watched");
    organization.mark = time;
  }
}

void CoverageKeeper::end_run(base::WallTime time) {
  running_ = false;
  for (auto& [id, organization] : organizations_) {
    if (organization.keys == 0) continue;
    if (time - organization.mark > kLongest) {
      add_gap(organization, organization.mark, time, "no checkpoint was written");
    }
    organization.mark = std::max(organization.mark, time);
  }
}

void CoverageKeeper::stopped(base::WallTime time) { end_run(time); }

void CoverageKeeper::alive(base::WallTime time) { alive_ = std::max(alive_, time); }

void CoverageKeeper::key_added(const std::string& org_id, base::WallTime time) {
  Organization& organization = organizations_[org_id];
  if (organization.keys++ > 0) return;
  organization.since = time;
  organization.mark = time;
}

void CoverageKeeper::key_removed(const std::string& org_id, base::WallTime time) {
  Organization& organization = organizations_[org_id];
  if (organization.keys == 0 || --organization.keys > 0) return;
  if (time - organization.mark > kLongest) {
    add_gap(organization, organization.mark, time, "no checkpoint was written");
  }
  end_watch(organization, time);
}

void CoverageKeeper::end_watch(Organization& organization, base::WallTime time) const {
  const Period watched{std::max(organization.since, period_.from), std::min(time, period_.until)};
  if (watched.from < watched.until) organization.watched.push_back(watched);
}

void CoverageKeeper::checkpoint(const Checkpoint& checkpoint) {
  Organization& organization = organizations_[checkpoint.org_id];
  if (organization.keys == 0) {
    // A journal whose beginning was cut off: it was watched before.
    organization.keys = 1;
    organization.since = organization.mark = checkpoint.time;
  }
  if (checkpoint.conclusive == 0) {
    add_gap(organization, organization.mark, checkpoint.time, "no poll was conclusive");
  } else if (checkpoint.time - organization.mark > kLongest) {
    add_gap(organization, organization.mark, checkpoint.time, "no checkpoint was written");
  }
  organization.mark = checkpoint.time;
  if (checkpoint.time < period_.from || checkpoint.time >= period_.until) return;
  ++organization.coverage.checkpoints;
  organization.coverage.polls += checkpoint.polls;
  organization.coverage.conclusive += checkpoint.conclusive;
  const auto& oldest = checkpoint.oldest_success;
  if (!oldest || checkpoint.time - *oldest > kLongest) ++organization.coverage.unproven;
}

std::vector<Coverage> CoverageKeeper::finish(base::WallTime made) {
  const base::WallTime end = std::min(made, period_.until);
  std::vector<Coverage> all;
  for (auto& [id, organization] : organizations_) {
    if (organization.keys > 0) {
      const bool silent = end - organization.mark > kLongest;
      if (!running_ || silent) {
        add_gap(organization, organization.mark, end,
                running_ ? "no checkpoint was written" : "no process watched");
      }
      end_watch(organization, end);
    }
    if (organization.watched.empty()) continue;
    organization.coverage.about.org_id = id;
    organization.coverage.watched = {organization.watched.front().from,
                                     organization.watched.back().until};
    all.push_back(std::move(organization.coverage));
  }
  return all;
}

base::Duration Coverage::uncovered() const {
  base::Duration sum{};
  for (const Gap& gap : gaps) sum += gap.period.until - gap.period.from;
  return sum;
}

int Coverage::per_mille() const {
  const base::Duration whole = watched.until - watched.from;
  if (whole <= base::Duration::zero()) return 0;
  return static_cast<int>((whole - uncovered()) * 1000 / whole);
}

}  // namespace aka::evidence
