// One generation per configuration. Entry point: adopt(). The successor is prepared while the old
// generation still polls; what stops the polls is only the copying of what is known, between the
// old one's stop and the new one's start. The steps of the keys that stay follow after that.
#include "audit/auditor.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "audit/ancestry.h"
#include "audit/generation.h"
#include "policy/confirmation.h"
#include "policy/waivers.h"

namespace aka::audit {
namespace {

using base::Duration;
using base::SteadyTime;

constexpr std::size_t kStepsAtOnce = 64;
/// Long enough for whoever waits for the order of the steps to get it.
constexpr std::chrono::microseconds kBreath{100};

}  // namespace

Auditor::Auditor(Observers observers, const base::Clock& clock)
    : observers_(std::move(observers)), clock_(clock) {}

Auditor::~Auditor() { stop(); }

std::chrono::nanoseconds Auditor::adopt(Plan plan, PollMode mode) {
  const std::scoped_lock one_at_a_time(adopting_);
  const std::shared_ptr<Generation> before = current();
  const model::Roster* const roster_before = before ? before->plan.roster.get() : nullptr;
  const auto next = std::make_shared<Generation>(std::move(plan), observers_, clock_);
  const Ancestry from = ancestry(*next->plan.roster, roster_before);
  observers_.steps.compare(roster_before, *next->plan.roster);

  const std::scoped_lock all_steps(settling_);
  std::unique_lock order(order_);
  const SteadyTime stopped = clock_.steady();
  const auto memories = before ? before->retire() : std::vector<PollerMemory>();
  observers_.steps.adopted(roster_before, *next->plan.roster);
  if (before) next->inherit(*before, from);
  // Where nobody polled nobody waits.
  if (memories.empty()) next->owed.settle_next(next->plan.roster->key_count);
  next->make_pollers(before.get(), from, memories, mode, order_);
  {
    const std::scoped_lock lock(mutex_);
    current_ = next;
  }
  next->start();
  const auto stood_still = clock_.steady() - stopped;
  order.unlock();
  if (before) before->stop();
  settle_owed(*next);
  return stood_still;
}

/// Some at a time, so that polls get their turn in between.
void Auditor::settle_owed(Generation& generation) {
  for (bool more = true; more;) {
    {
      const std::scoped_lock order(order_);
      more = generation.owed.settle_next(kStepsAtOnce);
    }
    if (more) std::this_thread::sleep_for(kBreath);
  }
}

void Auditor::restore(Memory memory) {
  Plan plan;
  plan.roster = std::move(memory.roster);
  const auto generation = std::make_shared<Generation>(std::move(plan), observers_, clock_);
  for (std::size_t i = 0; i < memory.keys.size(); ++i) {
    generation->table.set_key(i, std::move(memory.keys[i]));
  }
  for (std::size_t i = 0; i < memory.organizations.size(); ++i) {
    generation->table.set_organization(i, memory.organizations[i]);
  }
  const std::scoped_lock lock(mutex_);
  current_ = generation;
}

std::shared_ptr<Generation> Auditor::current() const {
  const std::scoped_lock lock(mutex_);
  return current_;
}

void Auditor::tick(const std::function<void(const model::StatusTable&)>& look) {
  const std::scoped_lock all_steps(settling_);
  const std::scoped_lock order(order_);
  const std::shared_ptr<Generation> generation = current();
  generation->lapse();
  const SteadyTime now = clock_.steady();
  for (const model::Organization& organization : generation->plan.roster->organizations) {
    generation->table.update_organization(index_of(*generation->plan.roster, organization),
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
  generation->lapse();
  model::Snapshot snapshot = generation->table.snapshot(clock_);
  for (const std::size_t index : generation->waived_keys) {
    const Place place = key_at(*generation->plan.roster, index);
    const std::size_t organization = index_of(*generation->plan.roster, place.organization);
    for (const model::Waiver& waiver : *place.key.waivers) {
      const auto state = policy::waiver_state(waiver, snapshot.status(index), snapshot.wall);
      ++snapshot.organizations[organization].waivers[static_cast<std::size_t>(state)];
    }
  }
  return snapshot;
}

bool Auditor::beats_within(Duration limit) const {
  const std::shared_ptr<Generation> generation = current();
  return generation != nullptr && clock_.steady() - generation->crew.last_beat() <= limit;
}

std::optional<SteadyTime> Auditor::next_start() const {
  const std::shared_ptr<Generation> generation = current();
  return generation == nullptr ? std::nullopt : generation->crew.next_start();
}

std::size_t Auditor::under_way() const {
  const std::shared_ptr<Generation> generation = current();
  if (generation == nullptr) return 0;
  std::size_t sum = 0;
  for (const auto& poller : generation->pollers) sum += poller->under_way();
  return sum;
}

void Auditor::wait_until_done() { current()->crew.wait_until_done(); }

void Auditor::request_stop() {
  if (const auto generation = current()) generation->crew.request_stop();
}

void Auditor::stop() {
  const std::scoped_lock one_at_a_time(adopting_);
  if (const auto generation = current()) generation->stop();
}

}  // namespace aka::audit
