// Who is asked when, as a configuration begins. Entry point: FirstJobs::of(). Polls stand still
// while this runs in a reload, so that it does nothing twice and sorts only what is new.
#include "audit/first_jobs.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "policy/confirmation.h"

namespace aka::audit {
namespace {

using base::Duration;
using base::SteadyTime;

/// What one more poll confirms is polled again within this time.
constexpr Duration kRepeatWithin = std::chrono::minutes(1);
/// A changed policy is judged within this time, not only at the key's next turn.
constexpr Duration kRejudgeWithin = std::chrono::minutes(1);
/// Jobs that are no polls begin within this time.
constexpr Duration kSoon = std::chrono::seconds(3);
constexpr std::chrono::milliseconds kLongestPhase(10);  // between two organizations

}  // namespace

FirstJobs::FirstJobs(const Plan& plan, const model::StatusTable& table, const Predecessor* before,
                     base::WallTime wall, SteadyTime now)
    : plan_(plan), table_(table), before_(before), wall_(wall), now_(now) {
  if (before == nullptr) return;
  due_.resize(before->plan.roster->key_count);
  for (std::size_t i = 0; i < before->memories.size(); ++i) {
    const std::size_t first = before->plan.roster->organizations[i].first_key;
    for (const Job& job : before->memories[i].jobs) {
      if (job.kind == JobKind::poll) due_[first + job.key] = job.due;
    }
  }
}

/// Nothing if the organization is new, or what was restored had no pollers.
const PollerMemory* FirstJobs::memory_before(std::size_t organization) const {
  if (before_ == nullptr || before_->memories.empty()) return nullptr;
  const std::size_t old = before_->from.organizations[organization];
  return old == kNew ? nullptr : &before_->memories[old];
}

PollerMemory FirstJobs::of(std::size_t organization) const {
  PollerMemory memory{TokenBucket(plan_.polls.burst, plan_.polls.per_minute, now_), {}, {}};
  if (const PollerMemory* const old = memory_before(organization)) {
    memory.bucket = old->bucket.resized(plan_.polls.burst, plan_.polls.per_minute, now_);
    memory.backoff = old->backoff;
  }
  add_others(memory, organization);
  if (plan_.roster->organizations[organization].fetch == model::Fetch::list) {
    add_own_requests(memory, organization);
  } else {
    add_polls(memory, organization);
  }
  return memory;
}

bool FirstJobs::same_credential(std::size_t organization) const {
  const std::size_t old = before_->from.organizations[organization];
  return before_->plan.credential(before_->plan.roster->organizations[old]).public_key ==
         plan_.credential(plan_.roster->organizations[organization]).public_key;
}

/// A little later than the organization before, if its pollers are new. Hundreds that begin at one
/// instant stay in step: their polls crowd, take long, overlap the next ones, and so open
/// connections that are never needed again.
SteadyTime FirstJobs::begin_of(std::size_t organization) const {
  if (memory_before(organization) != nullptr) return now_;
  const auto& organizations = plan_.roster->organizations;
  const auto keys =
      static_cast<long long>(std::max<std::size_t>(organizations[organization].keys.size(), 1));
  const auto count = static_cast<long long>(organizations.size());
  const std::chrono::nanoseconds interval = table_.organization(organization).effective_interval;
  const auto phase = std::min<std::chrono::nanoseconds>(interval / (keys * count), kLongestPhase);
  return now_ + phase * static_cast<long long>(organization);
}

/// Jobs that are no polls. New ones come soon, but between the first two polls, so that they need
/// no connection of their own.
void FirstJobs::add_others(PollerMemory& memory, std::size_t organization) const {
  const model::Organization& of = plan_.roster->organizations[organization];
  const Duration interval = table_.organization(organization).effective_interval;
  const auto keys = static_cast<long long>(std::max<std::size_t>(of.keys.size(), 1));
  const std::chrono::nanoseconds gap = std::min<Duration>(interval / keys, kSoon);
  const PollerMemory* const old = memory_before(organization);
  const auto due = [&](JobKind kind, SteadyTime otherwise) {
    if (old == nullptr) return otherwise;
    const auto found = std::ranges::find(old->jobs, kind, &Job::kind);
    return found == old->jobs.end() ? otherwise : found->due;
  };
  if (of.fetch == model::Fetch::list) {
    const SteadyTime soon = first_due(organization, plan_.roster->organizations.size(), now_,
                                      std::min(interval, kSoon));
    const SteadyTime walk = all_judged(of) ? due(JobKind::sweep, soon) : soon;
    memory.jobs.push_back({std::min(walk, now_ + interval), 0, JobKind::sweep});
  } else if (of.discover) {
    const SteadyTime sweep = due(JobKind::sweep, begin_of(organization) + gap / 3);
    memory.jobs.push_back({std::min(sweep, now_ + interval), 0, JobKind::sweep});
  }
  if (plan_.credential(of).tells_caller) {
    const SteadyTime soon = begin_of(organization) + gap * 2 / 3;
    const bool same = old != nullptr && same_credential(organization);
    memory.jobs.push_back({same ? due(JobKind::credential, soon) : soon, 0, JobKind::credential});
  }
}

/// Whether each key was polled, and judged by its current policy.
bool FirstJobs::all_judged(const model::Organization& of) const {
  for (std::size_t k = 0; k < of.keys.size(); ++k) {
    const model::KeyStatus status = table_.key(of.first_key + k);
    if (status.last_poll == base::WallTime{} || !status.judged_by_current_policy) return false;
  }
  return true;
}

void FirstJobs::add_polls(PollerMemory& memory, std::size_t organization) const {
  const model::Organization& of = plan_.roster->organizations[organization];
  const Duration interval = table_.organization(organization).effective_interval;
  memory.jobs.reserve(of.keys.size() + 2);
  std::optional<std::vector<std::size_t>> turns;
  const auto turn_within = [&](std::size_t k, Duration time) {
    if (!turns) turns = first_turns(of);
    return first_due((*turns)[k], of.keys.size(), begin_of(organization), time);
  };
  for (std::size_t k = 0; k < of.keys.size(); ++k) {
    const model::KeyStatus status = table_.key(of.first_key + k);
    SteadyTime due = due_before(of.first_key + k);
    if (due == SteadyTime{}) {
      due = turn_within(k, interval);
    } else {
      // Overdue ones keep their due time, so that their lateness stays visible.
      due = std::min(due, now_ + interval);
      if (!status.judged_by_current_policy)
        due = std::min(due, turn_within(k, std::min(interval, kRejudgeWithin)));
    }
    // Such a repeat was planned before a restart, which forgot it.
    if (policy::awaits_repeat(status, of.keys[k], plan_.polls.confirm))
      due = std::min(due, now_ + std::min(interval, kRepeatWithin));
    memory.jobs.push_back({due, static_cast<std::uint32_t>(k), JobKind::poll});
  }
}

/// Beside the list: those that were to be asked for by themselves, and whose turn it is.
void FirstJobs::add_own_requests(PollerMemory& memory, std::size_t organization) const {
  const model::Organization& of = plan_.roster->organizations[organization];
  if (of.keys.empty()) return;
  // Who was polled one by one so far need not be asked for beside a list.
  const bool listed_before =
      memory_before(organization) != nullptr &&
      before_->plan.roster->organizations[before_->from.organizations[organization]].fetch ==
          model::Fetch::list;
  for (std::size_t k = 0; listed_before && k < of.keys.size(); ++k) {
    const SteadyTime due = due_before(of.first_key + k);
    if (due == SteadyTime{}) continue;
    memory.jobs.push_back({due, static_cast<std::uint32_t>(k), JobKind::poll});
  }
  const Duration every =
      effective_recheck(plan_.polls.recheck, of.keys.size(), plan_.polls.per_minute);
  memory.jobs.push_back(first_recheck(of.keys.size(), every, wall_, now_));
}

/// Each key's place in the first interval: who was not polled for longest comes first, so that a
/// process that is killed over and over still comes to all of them.
std::vector<std::size_t> FirstJobs::first_turns(const model::Organization& organization) const {
  std::vector<std::pair<base::WallTime, std::size_t>> by_age;
  by_age.reserve(organization.keys.size());
  for (std::size_t k = 0; k < organization.keys.size(); ++k) {
    by_age.emplace_back(table_.key(organization.first_key + k).last_poll, k);
  }
  std::ranges::sort(by_age);
  std::vector<std::size_t> turns(by_age.size());
  for (std::size_t turn = 0; turn < by_age.size(); ++turn) turns[by_age[turn].second] = turn;
  return turns;
}

/// When the key with this index among all keys was to be polled next; the epoch: never.
SteadyTime FirstJobs::due_before(std::size_t index) const {
  if (before_ == nullptr || before_->from.keys[index] == kNew) return {};
  return due_[before_->from.keys[index]];
}

}  // namespace aka::audit
