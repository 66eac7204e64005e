// When polls are due; all arithmetic, no clock.
#include "audit/schedule.h"

#include <algorithm>
#include <cmath>

#include "atlas/key_page.h"

namespace aka::audit {

using base::Duration;
using base::SteadyTime;

double Demand::per_minute(Duration interval) const {
  return beside +
         static_cast<double>(polls + pages) * 60'000.0 / static_cast<double>(interval.count());
}

Demand demand_of(const model::Organization& organization, Duration recheck, int per_minute) {
  const std::size_t keys = organization.keys.size();
  if (organization.fetch == model::Fetch::list) {
    const std::size_t pages = (keys + atlas::kKeysPerPage - 1) / atlas::kKeysPerPage;
    return list_demand(organization, std::max<std::size_t>(1, pages), recheck, per_minute);
  }
  Demand demand;
  demand.polls = keys;
  if (organization.discover) demand.pages = keys / atlas::kKeysPerPage + 1;
  return demand;
}

Demand list_demand(const model::Organization& organization, std::size_t pages, Duration recheck,
                   int per_minute) {
  const std::size_t keys = organization.keys.size();
  const Duration every = effective_recheck(recheck, keys, per_minute);
  Demand demand;
  demand.pages = pages;
  demand.beside = static_cast<double>(keys) * 60'000.0 / static_cast<double>(every.count());
  demand.series = pages + 1;
  if (pages == 1) return demand;
  // See is_known_gone().
  demand.polls = static_cast<std::size_t>(
      std::ranges::count(organization.keys, model::Expectation::absent, &model::Key::expect));
  return demand;
}

Duration effective_recheck(Duration configured, std::size_t keys, int per_minute) {
  const auto needed = (static_cast<long long>(keys) * 2 * 60'000 + per_minute - 1) / per_minute;
  return std::max(configured, Duration(needed));
}

Duration effective_interval(Duration configured, const Demand& demand, int per_minute) {
  const double needed = static_cast<double>(demand.polls + demand.pages) * 60'000.0 /
                        (static_cast<double>(per_minute) - demand.beside);
  return std::max(configured, Duration(static_cast<long long>(std::ceil(needed))));
}

Duration detection_bound(Duration effective_interval, double jitter, Duration timeout,
                         const Demand& demand) {
  return std::chrono::duration_cast<Duration>(effective_interval * (1 + jitter)) +
         timeout * static_cast<long long>(demand.series);
}

SteadyTime first_due(std::size_t index, std::size_t count, SteadyTime start, Duration interval) {
  const std::chrono::nanoseconds whole = interval;
  return start + whole / static_cast<long long>(count) * static_cast<long long>(index);
}

SteadyTime next_due(SteadyTime last_due, SteadyTime now, Duration wait, double jitter,
                    Chance chance) {
  const std::chrono::nanoseconds whole = wait;
  const auto swing =
      std::chrono::duration_cast<std::chrono::nanoseconds>(whole * (jitter * (2 * chance - 1)));
  return std::max(now, last_due + whole + swing);
}

Job first_recheck(std::size_t keys, Duration every, base::WallTime wall, SteadyTime now) {
  const std::chrono::nanoseconds gap =
      std::chrono::nanoseconds(every) / static_cast<long long>(keys);
  const std::chrono::nanoseconds today = wall.time_since_epoch();
  const auto turn = today / gap + 1;
  return {now + turn * gap - today, static_cast<std::uint32_t>(turn % static_cast<long long>(keys)),
          JobKind::recheck};
}

Job next_recheck(const Job& last, std::size_t keys, Duration every, SteadyTime now) {
  const std::chrono::nanoseconds gap =
      std::chrono::nanoseconds(every) / static_cast<long long>(keys);
  return {std::max(last.due + gap, now + gap / 2),
          static_cast<std::uint32_t>((last.key + 1) % keys), JobKind::recheck};
}

std::optional<SteadyTime> Schedule::next() const {
  if (polls_.empty() && others_.empty()) return std::nullopt;
  if (polls_.empty()) return others_.top().due;
  if (others_.empty()) return polls_.top().due;
  return std::min(polls_.top().due, others_.top().due);
}

std::vector<Job> Schedule::take_all() {
  std::vector<Job> jobs = polls_.take_all();
  const std::vector<Job> others = others_.take_all();
  jobs.insert(jobs.end(), others.begin(), others.end());
  return jobs;
}

Job Schedule::take(SteadyTime now) {
  const bool poll_due = !polls_.empty() && polls_.top().due <= now;
  const bool other_due = !others_.empty() && others_.top().due <= now;
  const bool yields = other_due && poll_due && polls_.top().due < others_.top().due + patience_;
  Queue& queue = other_due && !yields ? others_ : polls_;
  const Job job = queue.top();
  queue.pop();
  return job;
}

}  // namespace aka::audit
