// One generation per configuration: a status table and a poller for each organization. Entry point:
// adopt(). The successor is prepared while the old generation still polls; what stops the polls is
// only the copying of what is known, between the old one's stop and the new one's start.
#include "audit/auditor.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "policy/advance.h"
#include "policy/confirmation.h"
#include "policy/waivers.h"

namespace aka::audit {
namespace {

using base::Duration;
using base::SteadyTime;

constexpr std::size_t kNew = static_cast<std::size_t>(-1);
/// What one more poll confirms is polled again within this time.
constexpr Duration kRepeatWithin = std::chrono::minutes(1);
/// A changed policy is judged within this time, not only at the key's next turn.
constexpr Duration kRejudgeWithin = std::chrono::minutes(1);

/// Jobs that are no polls begin within this time.
constexpr Duration kSoon = std::chrono::seconds(3);

/// Of polls, by the index of the key among all keys of the roster before.
using DueTimes = std::unordered_map<std::size_t, SteadyTime>;

/// Where each organization and key stood in the roster before, kNew if it was not there.
struct Ancestry {
  std::vector<std::size_t> organizations;
  std::vector<std::size_t> keys;  ///< by index among all keys
};

Ancestry ancestry(const model::Roster& roster, const model::Roster* before) {
  Ancestry result{std::vector<std::size_t>(roster.organizations.size(), kNew),
                  std::vector<std::size_t>(roster.key_count, kNew)};
  if (before == nullptr) return result;
  std::unordered_map<model::OrganizationId, std::size_t> organizations;
  for (std::size_t i = 0; i < before->organizations.size(); ++i) {
    organizations.emplace(before->organizations[i].id, i);
  }
  for (std::size_t i = 0; i < roster.organizations.size(); ++i) {
    const model::Organization& organization = roster.organizations[i];
    const auto found = organizations.find(organization.id);
    if (found == organizations.end()) continue;
    result.organizations[i] = found->second;
    const model::Organization& old = before->organizations[found->second];
    std::unordered_map<model::KeyId, std::size_t> keys;
    keys.reserve(old.keys.size());
    for (std::size_t k = 0; k < old.keys.size(); ++k)
      keys.emplace(old.keys[k].id, old.first_key + k);
    for (std::size_t k = 0; k < organization.keys.size(); ++k) {
      const auto key = keys.find(organization.keys[k].id);
      if (key != keys.end()) result.keys[organization.first_key + k] = key->second;
    }
  }
  return result;
}

struct Place {
  const model::Organization& organization;
  const model::Key& key;
};

Place key_at(const model::Roster& roster, std::size_t index) {
  const auto after =
      std::ranges::upper_bound(roster.organizations, index, {}, &model::Organization::first_key);
  const model::Organization& organization = *std::prev(after);
  return {organization, organization.keys[index - organization.first_key]};
}

model::OrganizationStatus status_of(const model::Organization& organization,
                                    const PollSettings& polls) {
  model::OrganizationStatus status;
  const Demand demand = demand_of(organization, polls.recheck, polls.per_minute);
  status.effective_interval = effective_interval(organization.interval, demand, polls.per_minute);
  status.detection_bound =
      detection_bound(status.effective_interval, polls.jitter, polls.timeout, demand);
  return status;
}

}  // namespace

struct Auditor::Generation {
  Generation(Plan the_plan, const base::Clock& clock)
      : plan(std::move(the_plan)), made_at(clock.wall()), table(plan.roster, plan.stale_after) {
    const auto& organizations = plan.roster->organizations;
    model::KeyStatus fresh;
    fresh.watched_since = made_at;
    fresh.watched_since_steady = clock.steady();
    for (std::size_t i = 0; i < plan.roster->key_count; ++i) table.set_key(i, fresh);
    for (std::size_t i = 0; i < organizations.size(); ++i) {
      model::OrganizationStatus status = status_of(organizations[i], plan.polls);
      status.watched_since = fresh.watched_since_steady;
      table.set_organization(i, status);
      for (std::size_t k = 0; k < organizations[i].keys.size(); ++k) {
        if (organizations[i].keys[k].waivers != nullptr)
          waived_keys.push_back(organizations[i].first_key + k);
      }
    }
  }

  std::vector<PollerMemory> stop() {
    for (const auto& poller : pollers) poller->request_stop();
    std::vector<PollerMemory> memories;
    memories.reserve(pollers.size());
    for (const auto& poller : pollers) memories.push_back(poller->stop());
    return memories;
  }

  void inherit_statuses(const Generation& before, const Ancestry& from, const base::Clock& clock,
                        const Observers& observers) {
    std::vector<std::pair<std::size_t, policy::Advance>> carried;
    for (const model::Organization& organization : plan.roster->organizations) {
      for (std::size_t k = 0; k < organization.keys.size(); ++k) {
        const std::size_t index = organization.first_key + k;
        if (from.keys[index] == kNew) continue;
        const model::Key& old_key = key_at(*before.plan.roster, from.keys[index]).key;
        auto advance = policy::carry_over(before.table.key(from.keys[index]), old_key,
                                          organization.keys[k], clock.wall());
        table.set_key(index, advance.after);
        if (!advance.changes.empty()) {
          observers.change(organization, organization.keys[k], advance);
        }
        carried.emplace_back(index, std::move(advance));
      }
    }
    for (std::size_t i = 0; i < from.organizations.size(); ++i) {
      if (from.organizations[i] == kNew) continue;
      const model::OrganizationStatus old = before.table.organization(from.organizations[i]);
      model::OrganizationStatus status = table.organization(i);
      status.last_conclusive = old.last_conclusive;
      status.rate_limit_remaining = old.rate_limit_remaining;
      status.watched_since = old.watched_since;
      status.unreachable = old.unreachable;
      status.reachable_since = old.reachable_since;
      status.failed_polls = old.failed_polls;
      status.failing_since = old.failing_since;
      if (same_credential(before, from, i)) status.credential_excess = old.credential_excess;
      const auto advance = policy::carry_over(old.discovery, plan.roster->organizations[i]);
      status.discovery = advance.after;
      table.set_organization(i, status);
      if (!advance.changes.empty()) observers.discovery(plan.roster->organizations[i], advance);
      observers.steps.discovery({Mover::reload, plan.roster->organizations[i], advance, status});
    }
    for (const auto& [index, advance] : carried) {
      const Place place = key_at(*plan.roster, index);
      observers.steps.key({Mover::reload, place.organization, place.key, advance,
                           table.organization(index_of(place.organization))});
    }
  }

  std::size_t index_of(const model::Organization& organization) const {
    return static_cast<std::size_t>(&organization - plan.roster->organizations.data());
  }

  /// Of an organization that was there before.
  bool same_credential(const Generation& before, const Ancestry& from,
                       std::size_t organization) const {
    const auto& old = before.plan.roster->organizations[from.organizations[organization]];
    return before.plan.credential(old).public_key ==
           plan.credential(plan.roster->organizations[organization]).public_key;
  }

  /// Jobs that are no polls; `old` are those before, if the organization was there. New ones come
  /// soon, but between the first two polls, so that they need no connection of their own.
  void add_other_jobs(PollerMemory& memory, std::size_t organization, const std::vector<Job>& old,
                      bool same_credential, SteadyTime now) const {
    const model::Organization& of = plan.roster->organizations[organization];
    const Duration interval = table.organization(organization).effective_interval;
    const auto keys = static_cast<long long>(std::max<std::size_t>(of.keys.size(), 1));
    const std::chrono::nanoseconds gap = std::min<Duration>(interval / keys, kSoon);
    const auto due = [&](JobKind kind, SteadyTime otherwise) {
      const auto found = std::ranges::find(old, kind, &Job::kind);
      return found == old.end() ? otherwise : found->due;
    };
    if (of.fetch == model::Fetch::list) {
      const SteadyTime soon = first_due(organization, plan.roster->organizations.size(), now,
                                        std::min(interval, kSoon));
      const SteadyTime walk = all_judged(of) ? due(JobKind::sweep, soon) : soon;
      memory.jobs.push_back({std::min(walk, now + interval), 0, JobKind::sweep});
    } else if (of.discover) {
      const SteadyTime sweep = due(JobKind::sweep, now + gap / 3);
      memory.jobs.push_back({std::min(sweep, now + interval), 0, JobKind::sweep});
    }
    if (plan.credential(of).tells_caller) {
      const SteadyTime soon = now + gap * 2 / 3;
      memory.jobs.push_back(
          {same_credential ? due(JobKind::credential, soon) : soon, 0, JobKind::credential});
    }
  }

  /// Whether each key was polled, and judged by its current policy.
  bool all_judged(const model::Organization& of) const {
    for (std::size_t k = 0; k < of.keys.size(); ++k) {
      const model::KeyStatus status = table.key(of.first_key + k);
      if (status.last_poll == base::WallTime{} || !status.judged_by_current_policy) return false;
    }
    return true;
  }

  /// Each key's place in the first interval: who was not polled for longest comes first, so that a
  /// process that is killed over and over still comes to all of them.
  std::vector<std::size_t> first_turns(const model::Organization& organization) const {
    std::vector<std::pair<base::WallTime, std::size_t>> by_age;
    by_age.reserve(organization.keys.size());
    for (std::size_t k = 0; k < organization.keys.size(); ++k) {
      by_age.emplace_back(table.key(organization.first_key + k).last_poll, k);
    }
    std::ranges::sort(by_age);
    std::vector<std::size_t> turns(by_age.size());
    for (std::size_t turn = 0; turn < by_age.size(); ++turn) turns[by_age[turn].second] = turn;
    return turns;
  }

  PollerMemory memory_for(std::size_t organization, const Generation* before, const Ancestry& from,
                          const std::vector<PollerMemory>& memories, SteadyTime now) const;
  void add_polls(PollerMemory& memory, std::size_t organization, const Ancestry& from,
                 const DueTimes& due_before, SteadyTime now) const;
  void add_own_requests(PollerMemory& memory, std::size_t organization, const Ancestry& from,
                        const DueTimes& due_before, SteadyTime now) const;

  const Plan plan;
  const base::WallTime made_at;
  model::StatusTable table;
  std::vector<std::size_t> waived_keys;
  std::vector<std::unique_ptr<OrganizationPoller>> pollers;
};

PollerMemory Auditor::Generation::memory_for(std::size_t organization, const Generation* before,
                                             const Ancestry& from,
                                             const std::vector<PollerMemory>& memories,
                                             SteadyTime now) const {
  const bool listed = plan.roster->organizations[organization].fetch == model::Fetch::list;
  PollerMemory memory{TokenBucket(plan.polls.burst, plan.polls.per_minute, now), {}, {}};
  DueTimes due_before;
  // What was restored had no pollers.
  if (from.organizations[organization] != kNew && !memories.empty()) {
    const PollerMemory& old = memories[from.organizations[organization]];
    const model::Organization& old_organization =
        before->plan.roster->organizations[from.organizations[organization]];
    memory.bucket = old.bucket.resized(plan.polls.burst, plan.polls.per_minute, now);
    memory.backoff = old.backoff;
    // Who was polled one by one so far need not be asked for beside a list.
    const bool counts = !listed || old_organization.fetch == model::Fetch::list;
    for (const Job& job : old.jobs) {
      if (counts && job.kind == JobKind::poll)
        due_before.emplace(old_organization.first_key + job.key, job.due);
    }
    add_other_jobs(memory, organization, old.jobs, same_credential(*before, from, organization),
                   now);
  } else {
    add_other_jobs(memory, organization, {}, false, now);
  }
  if (listed) {
    add_own_requests(memory, organization, from, due_before, now);
  } else {
    add_polls(memory, organization, from, due_before, now);
  }
  return memory;
}

void Auditor::Generation::add_polls(PollerMemory& memory, std::size_t organization,
                                    const Ancestry& from, const DueTimes& due_before,
                                    SteadyTime now) const {
  const model::Organization& of = plan.roster->organizations[organization];
  const Duration interval = table.organization(organization).effective_interval;
  memory.jobs.reserve(of.keys.size() + 2);
  const std::vector<std::size_t> turns = first_turns(of);
  for (std::size_t k = 0; k < of.keys.size(); ++k) {
    SteadyTime due = first_due(turns[k], of.keys.size(), now, interval);
    const auto old = due_before.find(from.keys[of.first_key + k]);
    if (old != due_before.end()) {
      // Overdue ones keep their due time, so that their lateness stays visible.
      due = std::min(old->second, now + interval);
      if (!table.key(of.first_key + k).judged_by_current_policy) {
        due = std::min(
            due, first_due(turns[k], of.keys.size(), now, std::min(interval, kRejudgeWithin)));
      }
    }
    // Such a repeat was planned before a restart, which forgot it.
    if (policy::awaits_repeat(table.key(of.first_key + k), of.keys[k], plan.polls.confirm))
      due = std::min(due, now + std::min(interval, kRepeatWithin));
    memory.jobs.push_back({due, static_cast<std::uint32_t>(k), JobKind::poll});
  }
}

/// Beside the list: those that were to be asked for by themselves, and whose turn it is.
void Auditor::Generation::add_own_requests(PollerMemory& memory, std::size_t organization,
                                           const Ancestry& from, const DueTimes& due_before,
                                           SteadyTime now) const {
  const model::Organization& of = plan.roster->organizations[organization];
  for (std::size_t k = 0; k < of.keys.size(); ++k) {
    const auto old = due_before.find(from.keys[of.first_key + k]);
    if (old == due_before.end()) continue;
    memory.jobs.push_back({old->second, static_cast<std::uint32_t>(k), JobKind::poll});
  }
  if (of.keys.empty()) return;
  const Duration every =
      effective_recheck(plan.polls.recheck, of.keys.size(), plan.polls.per_minute);
  memory.jobs.push_back(first_recheck(of.keys.size(), every, made_at, now));
}

Auditor::Auditor(Observers observers, const base::Clock& clock)
    : observers_(std::move(observers)), clock_(clock) {}

Auditor::~Auditor() { stop(); }

void Auditor::adopt(Plan plan, PollMode mode) {
  const std::scoped_lock one_at_a_time(adopting_);
  const std::shared_ptr<Generation> before = current();
  const auto next = std::make_shared<Generation>(std::move(plan), clock_);
  const Ancestry from = ancestry(*next->plan.roster, before ? before->plan.roster.get() : nullptr);

  std::vector<PollerMemory> memories;
  if (before) memories = before->stop();
  const std::scoped_lock order(order_);
  observers_.steps.adopted(before ? before->plan.roster.get() : nullptr, *next->plan.roster);
  if (before) next->inherit_statuses(*before, from, clock_, observers_);
  const SteadyTime now = clock_.steady();
  for (std::size_t i = 0; i < next->plan.roster->organizations.size(); ++i) {
    PollerMemory memory = next->memory_for(i, before.get(), from, memories, now);
    if (mode == PollMode::once) {
      std::erase_if(memory.jobs, [](const Job& job) {
        return job.kind == JobKind::credential || job.kind == JobKind::recheck;
      });
      for (Job& job : memory.jobs) job.due = now;
    }
    next->pollers.push_back(std::make_unique<OrganizationPoller>(
        i, next->plan.polls, mode, next->table, order_, memory, next->plan.connect,
        next->plan.credential(next->plan.roster->organizations[i]), observers_, clock_));
  }
  {
    const std::scoped_lock lock(mutex_);
    current_ = next;
  }
  for (const auto& poller : next->pollers) poller->start();
}

void Auditor::restore(Memory memory) {
  Plan plan;
  plan.roster = std::move(memory.roster);
  const auto generation = std::make_shared<Generation>(std::move(plan), clock_);
  for (std::size_t i = 0; i < memory.keys.size(); ++i) {
    generation->table.set_key(i, std::move(memory.keys[i]));
  }
  for (std::size_t i = 0; i < memory.organizations.size(); ++i) {
    generation->table.set_organization(i, memory.organizations[i]);
  }
  const std::scoped_lock lock(mutex_);
  current_ = generation;
}

std::shared_ptr<Auditor::Generation> Auditor::current() const {
  const std::scoped_lock lock(mutex_);
  return current_;
}

void Auditor::lapse(Generation& generation) {
  for (const std::size_t index : generation.waived_keys) {
    const Place place = key_at(*generation.plan.roster, index);
    policy::Advance advance;
    model::OrganizationStatus of;
    generation.table.update(index, generation.index_of(place.organization),
                            [&](model::KeyStatus& status, model::OrganizationStatus& organization) {
                              advance = policy::reevaluate(status, place.key, clock_.wall());
                              status = advance.after;
                              of = organization;
                            });
    if (advance.changes.empty()) continue;
    observers_.change(place.organization, place.key, advance);
    observers_.steps.key({Mover::time, place.organization, place.key, advance, of});
  }
}

void Auditor::tick(const std::function<void(const model::StatusTable&)>& look) {
  const std::scoped_lock order(order_);
  const std::shared_ptr<Generation> generation = current();
  lapse(*generation);
  const SteadyTime now = clock_.steady();
  for (const model::Organization& organization : generation->plan.roster->organizations) {
    generation->table.update_organization(generation->index_of(organization),
                                          [&](model::OrganizationStatus& status) {
                                            if (policy::is_out_of_reach(organization, status, now))
                                              status.unreachable = true;
                                          });
  }
  look(generation->table);
}

model::Snapshot Auditor::snapshot() {
  const std::scoped_lock order(order_);
  const std::shared_ptr<Generation> generation = current();
  lapse(*generation);
  model::Snapshot snapshot = generation->table.snapshot(clock_);
  for (const std::size_t index : generation->waived_keys) {
    const Place place = key_at(*generation->plan.roster, index);
    const std::size_t organization = generation->index_of(place.organization);
    for (const model::Waiver& waiver : *place.key.waivers) {
      const auto state = policy::waiver_state(waiver, snapshot.status(index), snapshot.wall);
      ++snapshot.organizations[organization].waivers[static_cast<std::size_t>(state)];
    }
  }
  return snapshot;
}

bool Auditor::beats_within(Duration limit) const {
  const std::shared_ptr<Generation> generation = current();
  const SteadyTime now = clock_.steady();
  return generation != nullptr && std::ranges::all_of(generation->pollers, [&](const auto& poller) {
           return now - poller->last_beat() <= limit;
         });
}

std::optional<SteadyTime> Auditor::next_start() const {
  const std::shared_ptr<Generation> generation = current();
  std::optional<SteadyTime> first;
  if (generation == nullptr) return first;
  for (const auto& poller : generation->pollers) {
    const auto next = poller->next_start();
    if (next && (!first || *next < *first)) first = next;
  }
  return first;
}

std::size_t Auditor::under_way() const {
  const std::shared_ptr<Generation> generation = current();
  if (generation == nullptr) return 0;
  std::size_t sum = 0;
  for (const auto& poller : generation->pollers) sum += poller->under_way();
  return sum;
}

void Auditor::wait_until_done() {
  for (const auto& poller : current()->pollers) poller->wait_until_done();
}

void Auditor::request_stop() {
  if (const auto generation = current()) {
    for (const auto& poller : generation->pollers) poller->request_stop();
  }
}

void Auditor::stop() {
  const std::scoped_lock one_at_a_time(adopting_);
  if (const auto generation = current()) generation->stop();
}

}  // namespace aka::audit
