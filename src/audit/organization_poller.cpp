// The poll threads of one organization. Entry point: work(), the loop of each thread. Leadership
// (waiting for the clock) passes on whenever its holder gets something to do; connections are kept
// on a stack, so that a second one is opened only when two polls really overlap.
#include "audit/organization_poller.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "policy/advance.h"
#include "policy/confirmation.h"
#include "policy/own_credential.h"

namespace aka::audit {

using base::SteadyTime;

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr base::Duration kCredentialEvery = hours(24);
constexpr base::Duration kCredentialAgain = hours(1);  // after a failure
constexpr base::Duration kSoonest = std::chrono::seconds(60);
/// Twice what the service can hold; a list longer than that does not end.
constexpr int kMostPages = 2000;

bool is_throttled(const std::optional<model::Failure>& failure) {
  return failure && failure->state == model::State::rate_limited;
}

}  // namespace

OrganizationPoller::OrganizationPoller(std::size_t organization, const PollSettings& settings,
                                       PollMode mode, model::StatusTable& table, std::mutex& order,
                                       const PollerMemory& memory, ClientFactory connect,
                                       const CredentialFacts& credential,
                                       const Observers& observers, const base::Clock& clock)
    : of_(table.roster()->organizations[organization]),
      organization_(organization),
      settings_(settings),
      mode_(mode),
      table_(table),
      order_(order),
      connect_(std::move(connect)),
      observers_(observers),
      known_(of_, credential.public_key),
      clock_(clock),
      schedule_(table.organization(organization).effective_interval),
      bucket_(memory.bucket),
      backoff_(memory.backoff),
      failures_(of_.keys.size() + 1),
      last_beat_(clock.steady()),
      random_(std::random_device{}()) {
  for (const Job& job : memory.jobs) schedule_.add(job);
}

OrganizationPoller::~OrganizationPoller() { stop(); }

void OrganizationPoller::start() {
  const std::scoped_lock lock(mutex_);
  hand_over_lead();
}

void OrganizationPoller::request_stop() {
  stop_.request();
  const std::scoped_lock lock(mutex_);
  leader_wakes_.notify_all();
  follower_wakes_.notify_all();
}

PollerMemory OrganizationPoller::stop() {
  request_stop();
  std::vector<std::thread> threads;
  {
    const std::scoped_lock lock(mutex_);
    threads.swap(threads_);
  }
  for (std::thread& thread : threads) thread.join();

  const std::scoped_lock lock(mutex_);
  idle_clients_.clear();
  PollerMemory memory{bucket_, backoff_, std::exchange(interrupted_, {})};
  while (!schedule_.empty()) memory.jobs.push_back(schedule_.take_any());
  return memory;
}

void OrganizationPoller::wait_until_done() {
  std::unique_lock lock(mutex_);
  done_.wait(lock, [this] { return running_ == 0; });
}

SteadyTime OrganizationPoller::last_beat() const {
  const std::scoped_lock lock(mutex_);
  return last_beat_;
}

std::optional<SteadyTime> OrganizationPoller::next_start() const {
  const std::scoped_lock lock(mutex_);
  if (schedule_.empty()) return std::nullopt;
  return start_time(clock_.steady());
}

std::size_t OrganizationPoller::under_way() const {
  const std::scoped_lock lock(mutex_);
  return under_way_;
}

void OrganizationPoller::work() {
  std::unique_lock lock(mutex_);
  while (const std::optional<Job> job = next_job(lock)) {
    std::unique_ptr<atlas::Client> client = take_client(lock);
    lock.unlock();
    const std::optional<Outcome> outcome = perform(*job, *client);
    lock.lock();
    idle_clients_.push_back(std::move(client));
    if (outcome) {
      settle(*job, *outcome);
    } else {
      interrupted_.push_back(*job);
    }
    --under_way_;
  }
  if (--running_ == 0) done_.notify_all();
}

std::optional<Job> OrganizationPoller::next_job(std::unique_lock<std::mutex>& lock) {
  while (led_ && !stop_.requested()) {
    ++followers_;
    follower_wakes_.wait(lock);
    --followers_;
  }
  if (stop_.requested()) return std::nullopt;
  led_ = true;
  const std::optional<Job> job = lead(lock);
  led_ = false;
  if (job) {
    hand_over_lead();
  } else {
    follower_wakes_.notify_all();
  }
  return job;
}

std::optional<Job> OrganizationPoller::lead(std::unique_lock<std::mutex>& lock) {
  while (!stop_.requested()) {
    last_beat_ = clock_.steady();
    const SteadyTime start = start_time(last_beat_);
    if (start <= last_beat_) {
      bucket_.take(last_beat_, 1);
      ++under_way_;
      return schedule_.take(last_beat_);
    }
    if (mode_ == PollMode::once && schedule_.empty()) return std::nullopt;
    clock_.wait_until(leader_wakes_, lock, start);
  }
  return std::nullopt;
}

SteadyTime OrganizationPoller::start_time(SteadyTime now) const {
  const std::optional<SteadyTime> due = schedule_.next();
  if (!due) return SteadyTime::max();
  return std::max({*due, bucket_.ready_at(now), backoff_.held_until()});
}

void OrganizationPoller::hand_over_lead() {
  if (followers_ > 0) {
    follower_wakes_.notify_one();
  } else if (!stop_.requested() &&
             threads_.size() < static_cast<std::size_t>(settings_.connections) &&
             !(mode_ == PollMode::once && schedule_.empty())) {
    ++running_;
    threads_.emplace_back([this] { work(); });
  }
}

std::unique_ptr<atlas::Client> OrganizationPoller::take_client(std::unique_lock<std::mutex>& lock) {
  if (idle_clients_.empty()) {
    lock.unlock();
    auto client = connect_(of_);
    lock.lock();
    return client;
  }
  auto client = std::move(idle_clients_.back());
  idle_clients_.pop_back();
  return client;
}

std::optional<OrganizationPoller::Outcome> OrganizationPoller::perform(const Job& job,
                                                                       atlas::Client& client) {
  switch (job.kind) {
    case JobKind::poll:
      return poll(job, client);
    case JobKind::sweep:
      if (page_ == 1) sweep_due_ = job.due;
      return look_at_page(client);
    case JobKind::credential:
      return look_at_credential(client);
  }
  return std::nullopt;
}

std::optional<OrganizationPoller::Outcome> OrganizationPoller::poll(const Job& job,
                                                                    atlas::Client& client) {
  const model::Key& key = of_.keys[job.key];
  const auto lateness = clock_.steady() - job.due;
  const auto deadline = std::chrono::steady_clock::now() + settings_.timeout;
  const std::optional<atlas::Fetched> fetched = client.get_key(of_.id, key.id, deadline, stop_);
  if (!fetched) return std::nullopt;
  const model::Observation observation{key.id, fetched->answer, fetched->http_status, clock_.wall(),
                                       clock_.steady()};
  const policy::Advance advance = step(job.key, observation);
  observers_.poll({of_, key, observation, *fetched, advance, lateness});
  Outcome outcome{std::nullopt, *fetched};
  if (const auto* failure = std::get_if<model::Failure>(&observation.answer)) {
    outcome.failure = *failure;
  }
  return outcome;
}

policy::Advance OrganizationPoller::step(std::size_t key, const model::Observation& observation) {
  policy::Advance advance;
  model::OrganizationStatus of;
  const std::scoped_lock order(order_);
  table_.update(of_.first_key + key, organization_,
                [&](model::KeyStatus& status, model::OrganizationStatus& organization) {
                  policy::forget_outage(status, organization);
                  advance = policy::advance(status, of_.keys[key], observation);
                  status = advance.after;
                  policy::note_poll(organization, observation);
                  of = organization;
                });
  observers_.steps.key({Mover::poll, of_, of_.keys[key], advance, of});
  return advance;
}

std::optional<OrganizationPoller::Outcome> OrganizationPoller::look_at_page(atlas::Client& client) {
  const auto deadline = std::chrono::steady_clock::now() + settings_.timeout;
  const std::optional<atlas::FetchedPage> fetched = client.get_page(of_.id, page_, deadline, stop_);
  if (!fetched) return std::nullopt;
  const policy::DiscoveryAdvance advance = learn(*fetched);
  observers_.page({of_, *fetched, advance});
  Outcome outcome{std::nullopt, *fetched};
  if (!fetched->page) outcome.failure = fetched->page.error();
  outcome.finished = !fetched->page || fetched->page->last || page_ >= kMostPages;
  return outcome;
}

policy::DiscoveryAdvance OrganizationPoller::learn(const atlas::FetchedPage& fetched) {
  policy::DiscoveryAdvance advance;
  model::OrganizationStatus of;
  const std::scoped_lock order(order_);
  table_.update_organization(organization_, [&](model::OrganizationStatus& status) {
    if (!fetched.page) {
      advance = policy::break_off(status.discovery, fetched.page.error().message);
    } else {
      advance = policy::meet(status.discovery, sweep_, fetched.page->keys, known_, clock_.wall());
      if (fetched.page->last) {
        auto end = policy::complete(advance.after, sweep_, clock_.wall());
        advance.after = std::move(end.after);
        std::ranges::move(end.changes, std::back_inserter(advance.changes));
        std::ranges::move(end.keys, std::back_inserter(advance.keys));
      } else if (page_ >= kMostPages) {
        advance.after = policy::break_off(advance.after, "the list of keys has no end").after;
      }
    }
    status.discovery = advance.after;
    of = status;
  });
  observers_.steps.discovery({Mover::poll, of_, advance, of});
  return advance;
}

std::optional<OrganizationPoller::Outcome> OrganizationPoller::look_at_credential(
    atlas::Client& client) {
  const auto deadline = std::chrono::steady_clock::now() + settings_.timeout;
  const std::optional<atlas::FetchedCaller> fetched = client.get_caller(of_.id, deadline, stop_);
  if (!fetched) return std::nullopt;
  std::vector<model::Role> excess;
  Outcome outcome{std::nullopt, *fetched};
  if (!fetched->caller) {
    outcome.failure = fetched->caller.error();
  } else if (*fetched->caller) {
    excess = policy::excess_of((*fetched->caller)->roles);
    table_.update_organization(organization_, [&](model::OrganizationStatus& status) {
      status.credential_excess = !excess.empty();
    });
  }
  observers_.credential({of_, *fetched, excess});
  return outcome;
}

void OrganizationPoller::settle(const Job& job, const Outcome& outcome) {
  const SteadyTime now = clock_.steady();
  const auto requests = static_cast<int>(outcome.traffic.sent.size());
  if (requests > 1) bucket_.take(now, requests - 1);
  const atlas::RateFacts& rate = outcome.traffic.rate;
  // The root of the API has a bucket of its own, per caller: what it says of that is not ours.
  if (job.kind != JobKind::credential) {
    bucket_.learn({rate.limit, rate.remaining}, now);
    if (rate.remaining) {
      table_.update_organization(organization_, [&](model::OrganizationStatus& status) {
        status.rate_limit_remaining = rate.remaining;
      });
    }
    // Who asks each key only once does not wait for a service that is down: that would take hours.
    if (mode_ == PollMode::continuous || is_throttled(outcome.failure)) {
      backoff_.note(outcome.failure ? &*outcome.failure : nullptr, rate.retry_after, now, chance());
    }
  }
  if (mode_ == PollMode::once && (job.kind != JobKind::sweep || outcome.finished)) return;
  schedule_.add(next_of(job, outcome, now));
  leader_wakes_.notify_one();
}

Job OrganizationPoller::next_of(const Job& job, const Outcome& outcome, SteadyTime now) {
  if (job.kind == JobKind::credential) {
    return {now + (outcome.failure ? kCredentialAgain : kCredentialEvery), 0, job.kind};
  }
  if (job.kind == JobKind::sweep && !outcome.finished) return next_page(now);
  const bool sweep = job.kind == JobKind::sweep;
  const model::OrganizationStatus status = table_.organization(organization_);
  base::Duration interval = status.effective_interval;
  std::uint8_t& failures = sweep ? failures_.back() : failures_[job.key];
  const bool trouble = outcome.failure && is_service_trouble(*outcome.failure);
  failures = trouble ? static_cast<std::uint8_t>(std::min<int>(failures + 1, 255)) : 0;
  if (sweep) {
    sweep_ = {};
    page_ = 1;
    // What one sweep showed or lacked is looked for once more soon, not only an interval later.
    const bool unsure =
        !outcome.failure && policy::awaits_confirmation(*status.discovery, settings_.confirm);
    if (unsure) interval = std::min(interval, kSoonest);
  } else if (policy::awaits_repeat(table_.key(of_.first_key + job.key), of_.keys[job.key],
                                   settings_.confirm)) {
    interval = std::min(interval, kSoonest);
  }
  const auto wait = wait_after_failure(failures, interval, chance());
  const SteadyTime last_due = sweep ? sweep_due_ : job.due;
  return {next_due(last_due, now, wait, settings_.jitter, chance()), job.key, job.kind};
}

/// At half the pace that the rate limit allows, so that the other half is left to the polls.
Job OrganizationPoller::next_page(SteadyTime now) {
  ++page_;
  const auto pause =
      mode_ == PollMode::once ? milliseconds(0) : milliseconds(2 * 60'000 / settings_.per_minute);
  return {now + pause, 0, JobKind::sweep};
}

Chance OrganizationPoller::chance() {
  return std::uniform_real_distribution<double>(0.0, 1.0)(random_);
}

}  // namespace aka::audit
