// The poll threads of one organization. Entry point: work(), the loop of each thread. Leadership
// (waiting for the clock) passes on whenever its holder gets something to do; connections are kept
// on a stack, so that a second one is opened only when two polls really overlap.
#include "audit/organization_poller.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace aka::audit {

using base::SteadyTime;

struct OrganizationPoller::Outcome {
  model::Observation observation;
  atlas::Fetched fetched;
};

OrganizationPoller::OrganizationPoller(std::size_t organization, const PollSettings& settings,
                                       PollMode mode, model::StatusTable& table,
                                       PollerMemory memory, ClientFactory connect,
                                       PollObserver observe, const base::Clock& clock)
    : of_(table.roster()->organizations[organization]),
      organization_(organization),
      settings_(settings),
      mode_(mode),
      table_(table),
      connect_(std::move(connect)),
      observe_(std::move(observe)),
      clock_(clock),
      bucket_(memory.bucket),
      backoff_(memory.backoff),
      failures_(of_.keys.size()),
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
  while (!schedule_.empty()) memory.jobs.push_back(schedule_.take());
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

void OrganizationPoller::work() {
  std::unique_lock lock(mutex_);
  while (const std::optional<Job> job = next_job(lock)) {
    std::unique_ptr<atlas::Client> client = take_client(lock);
    lock.unlock();
    const std::optional<Outcome> outcome = poll(*job, *client);
    lock.lock();
    idle_clients_.push_back(std::move(client));
    if (outcome) {
      settle(*job, *outcome);
    } else {
      interrupted_.push_back(*job);
    }
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
      return schedule_.take();
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

std::optional<OrganizationPoller::Outcome> OrganizationPoller::poll(const Job& job,
                                                                    atlas::Client& client) {
  const model::Key& key = of_.keys[job.key];
  const auto lateness = clock_.steady() - job.due;
  const auto deadline = std::chrono::steady_clock::now() + settings_.timeout;
  std::optional<atlas::Fetched> fetched = client.get_key(of_.id, key.id, deadline, stop_);
  if (!fetched) return std::nullopt;
  Outcome outcome;
  outcome.observation = {key.id, std::move(fetched->answer), fetched->http_status, clock_.wall(),
                         clock_.steady()};
  outcome.fetched = std::move(*fetched);

  policy::Advance advance;
  table_.update(of_.first_key + job.key, organization_,
                [&](model::KeyStatus& status, model::OrganizationStatus& organization) {
                  advance = policy::advance(status, key, outcome.observation);
                  status = advance.after;
                  if (model::is_conclusive(outcome.observation)) {
                    organization.last_conclusive = outcome.observation.steady;
                  }
                  if (outcome.fetched.rate.remaining) {
                    organization.rate_limit_remaining = outcome.fetched.rate.remaining;
                  }
                });
  observe_({of_, key, outcome.observation, outcome.fetched, advance, lateness});
  return outcome;
}

void OrganizationPoller::settle(const Job& job, const Outcome& outcome) {
  const SteadyTime now = clock_.steady();
  const auto chance = [this] { return std::uniform_real_distribution<double>(0.0, 1.0)(random_); };
  const auto requests = static_cast<int>(outcome.fetched.sent.size());
  if (requests > 1) bucket_.take(now, requests - 1);
  bucket_.learn({outcome.fetched.rate.limit, outcome.fetched.rate.remaining}, now);
  const auto* const failure = std::get_if<model::Failure>(&outcome.observation.answer);
  backoff_.note(failure, outcome.fetched.rate.retry_after, now, chance());
  if (mode_ == PollMode::once) return;

  std::uint8_t& failures = failures_[job.key];
  const bool trouble = failure != nullptr && is_service_trouble(*failure);
  failures = trouble ? static_cast<std::uint8_t>(std::min<int>(failures + 1, 255)) : 0;
  const auto wait =
      wait_after_failure(failures, table_.organization(organization_).effective_interval, chance());
  schedule_.add({next_due(job.due, now, wait, settings_.jitter, chance()), job.key});
  leader_wakes_.notify_one();
}

}  // namespace aka::audit
