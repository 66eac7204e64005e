// What watches one configuration, and how it takes over from the one before. In a reload polls
// stand still from the old one's retire() to the new one's start(): inherit() and make_pollers()
// copy what is known and do nothing else.
#include "audit/generation.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "audit/first_jobs.h"
#include "policy/advance.h"

namespace aka::audit {
namespace {

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

Generation::Generation(Plan the_plan, const Observers& observers, const base::Clock& clock)
    : plan(std::move(the_plan)),
      table(plan.roster, plan.stale_after),
      owed(table, observers),
      crew(clock),
      observers_(observers),
      clock_(clock) {
  const auto& organizations = plan.roster->organizations;
  model::KeyStatus fresh;
  fresh.watched_since = clock.wall();
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

void Generation::stop() {
  crew.stop();
  for (const auto& poller : pollers) poller->disconnect();
}

std::vector<PollerMemory> Generation::retire() {
  retired = true;
  crew.request_stop();
  std::vector<PollerMemory> memories;
  memories.reserve(pollers.size());
  for (const auto& poller : pollers) memories.push_back(poller->retire());
  return memories;
}

void Generation::inherit(const Generation& before, const Ancestry& from) {
  const base::WallTime now = clock_.wall();
  for (const model::Organization& organization : plan.roster->organizations) {
    for (std::size_t k = 0; k < organization.keys.size(); ++k) {
      const std::size_t index = organization.first_key + k;
      if (from.keys[index] == kNew) continue;
      auto advance = policy::carry_over(before.table.key(from.keys[index]), from.rules[index],
                                        organization.keys[k], now);
      table.set_key(index, advance.after);
      owed.owe(index, std::move(advance));
    }
  }
  for (std::size_t i = 0; i < from.organizations.size(); ++i) {
    if (from.organizations[i] != kNew) inherit_organization(before, from, i);
  }
}

void Generation::inherit_organization(const Generation& before, const Ancestry& from,
                                      std::size_t organization) {
  const model::Organization& of = plan.roster->organizations[organization];
  const std::size_t place = from.organizations[organization];
  const model::OrganizationStatus old = before.table.organization(place);
  model::OrganizationStatus status = table.organization(organization);
  status.last_conclusive = old.last_conclusive;
  status.rate_limit_remaining = old.rate_limit_remaining;
  status.watched_since = old.watched_since;
  status.unreachable = old.unreachable;
  status.reachable_since = old.reachable_since;
  status.failed_polls = old.failed_polls;
  status.failing_since = old.failing_since;
  const bool same_credential =
      before.plan.credential(before.plan.roster->organizations[place]).public_key ==
      plan.credential(of).public_key;
  if (same_credential) status.credential_excess = old.credential_excess;
  const auto advance = policy::carry_over(old.discovery, of);
  status.discovery = advance.after;
  table.set_organization(organization, status);
  if (!advance.changes.empty()) observers_.discovery(of, advance);
  observers_.steps.discovery({Mover::reload, of, advance, status});
}

void Generation::make_pollers(const Generation* before, const Ancestry& from,
                              const std::vector<PollerMemory>& memories, PollMode mode,
                              std::mutex& order) {
  const base::SteadyTime now = clock_.steady();
  std::optional<Predecessor> predecessor;
  if (before != nullptr) predecessor.emplace(Predecessor{before->plan, from, memories});
  const FirstJobs first(plan, table, predecessor ? &*predecessor : nullptr, clock_.wall(), now);
  pollers.reserve(plan.roster->organizations.size());
  for (std::size_t i = 0; i < plan.roster->organizations.size(); ++i) {
    PollerMemory memory = first.of(i);
    if (mode == PollMode::once) {
      std::erase_if(memory.jobs, [](const Job& job) {
        return job.kind == JobKind::credential || job.kind == JobKind::recheck;
      });
      for (Job& job : memory.jobs) job.due = now;
    }
    pollers.push_back(std::make_unique<OrganizationPoller>(
        i, plan.polls, mode, Common{table, order, owed, retired, observers_, clock_}, memory,
        plan.connect, plan.credential(plan.roster->organizations[i]), crew.stop_signal()));
  }
}

void Generation::start() {
  std::vector<OrganizationPoller*> all;
  all.reserve(pollers.size());
  for (const auto& poller : pollers) all.push_back(poller.get());
  crew.start(std::move(all));
}

void Generation::lapse() {
  for (const std::size_t index : waived_keys) {
    const Place place = key_at(*plan.roster, index);
    owed.settle(index);
    policy::Advance advance;
    model::OrganizationStatus of;
    table.update(index, index_of(*plan.roster, place.organization),
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

}  // namespace aka::audit
