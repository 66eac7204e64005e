// The jobs of one organization: what is due when, within its budget, and what an answer means for
// what follows. Entry points: begin() and perform(). Connections are kept on a stack, so that a
// second one is opened only when two requests really overlap.
#include "audit/organization_poller.h"

#include <algorithm>
#include <utility>

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
/// More keys of one page than this await no repeat each: the list is read again.
constexpr std::size_t kMostRepeats = 10;

/// How many troubled answers in a row there were, this one included.
int count_trouble(std::uint8_t& failures, const std::optional<model::Failure>& failure) {
  const bool trouble = failure && is_service_trouble(*failure);
  failures = trouble ? static_cast<std::uint8_t>(std::min<int>(failures + 1, 255)) : 0;
  return failures;
}

bool is_throttled(const std::optional<model::Failure>& failure) {
  return failure && failure->state == model::State::rate_limited;
}

}  // namespace

OrganizationPoller::OrganizationPoller(std::size_t organization, const PollSettings& settings,
                                       PollMode mode, const Common& common,
                                       const PollerMemory& memory, ClientFactory connect,
                                       const CredentialFacts& credential,
                                       const base::StopSignal& stop)
    : of_(common.table.roster()->organizations[organization]),
      listed_(of_.fetch == model::Fetch::list),
      recheck_(effective_recheck(settings.recheck, of_.keys.size(), settings.per_minute)),
      settings_(settings),
      mode_(mode),
      connect_(std::move(connect)),
      observers_(common.observers),
      clock_(common.clock),
      recorder_(organization, common),
      stop_(stop),
      schedule_(common.table.organization(organization).effective_interval),
      bucket_(memory.bucket),
      backoff_(memory.backoff),
      failures_(listed_ ? 1 : of_.keys.size() + 1),
      asking_(listed_ ? of_.keys.size() : 0),
      random_(std::random_device{}()) {
  if (listed_ || of_.discover) {
    walk_.emplace(of_, credential.public_key, settings.confirm, recorder_, observers_, clock_);
  }
  for (const Job& job : memory.jobs) {
    if (listed_ && job.kind == JobKind::poll) {
      ask_for(job.key, job.due);
    } else {
      schedule_.add(job);
    }
  }
}

PollerMemory OrganizationPoller::retire() {
  const std::scoped_lock lock(mutex_);
  PollerMemory memory{bucket_, backoff_, schedule_.take_all()};
  memory.jobs.insert(memory.jobs.end(), under_way_.begin(), under_way_.end());
  return memory;
}

void OrganizationPoller::disconnect() {
  const std::scoped_lock lock(mutex_);
  idle_clients_.clear();
}

std::optional<SteadyTime> OrganizationPoller::next_start() const {
  const std::scoped_lock lock(mutex_);
  return start_time(clock_.steady());
}

std::size_t OrganizationPoller::under_way() const {
  const std::scoped_lock lock(mutex_);
  return under_way_.size();
}

std::optional<SteadyTime> OrganizationPoller::start_time(SteadyTime now) const {
  const std::optional<SteadyTime> due = schedule_.next();
  if (!due || under_way_.size() == static_cast<std::size_t>(settings_.connections))
    return std::nullopt;
  return std::max({*due, bucket_.ready_at(now), backoff_.held_until()});
}

std::optional<Job> OrganizationPoller::begin(SteadyTime now) {
  const std::scoped_lock lock(mutex_);
  const std::optional<SteadyTime> start = start_time(now);
  if (!start || *start > now) return std::nullopt;
  bucket_.take(now, 1);
  under_way_.push_back(schedule_.take(now));
  return under_way_.back();
}

void OrganizationPoller::perform(const Job& job, http::Meanwhile& meanwhile) {
  std::unique_ptr<atlas::Client> client = take_client();
  const std::optional<Outcome> outcome = ask(job, *client, meanwhile);
  const std::scoped_lock lock(mutex_);
  idle_clients_.push_back(std::move(client));
  if (outcome) settle(job, *outcome);
  under_way_.erase(std::ranges::find(under_way_, job));
}

std::unique_ptr<atlas::Client> OrganizationPoller::take_client() {
  {
    const std::scoped_lock lock(mutex_);
    if (!idle_clients_.empty()) {
      auto client = std::move(idle_clients_.back());
      idle_clients_.pop_back();
      return client;
    }
  }
  return connect_(of_);
}

std::optional<OrganizationPoller::Outcome> OrganizationPoller::ask(const Job& job,
                                                                   atlas::Client& client,
                                                                   http::Meanwhile& meanwhile) {
  const http::Until until{std::chrono::steady_clock::now() + settings_.timeout, stop_, &meanwhile};
  switch (job.kind) {
    case JobKind::poll:
    case JobKind::recheck:
      return poll(job, client, until);
    case JobKind::sweep:
      return look_at_page(job, client, until);
    case JobKind::credential:
      return look_at_credential(client, until);
  }
  return std::nullopt;
}

std::optional<OrganizationPoller::Outcome> OrganizationPoller::poll(const Job& job,
                                                                    atlas::Client& client,
                                                                    const http::Until& until) {
  const auto lateness = clock_.steady() - job.due;
  std::optional<atlas::Fetched> fetched = client.get_key(of_.id, of_.keys[job.key].id, until);
  if (!fetched) return std::nullopt;
  Outcome outcome{std::nullopt, *fetched};
  if (const auto* failure = std::get_if<model::Failure>(&fetched->answer)) {
    outcome.failure = *failure;
  }
  if (!recorder_.poll(job.key, std::move(fetched->answer), *fetched, lateness)) return std::nullopt;
  return outcome;
}

std::optional<OrganizationPoller::Outcome> OrganizationPoller::look_at_page(
    const Job& job, atlas::Client& client, const http::Until& until) {
  if (walk_->at_first_page()) walk_due_ = job.due;
  const auto lateness = clock_.steady() - job.due;
  std::optional<PageOutcome> page = walk_->next_page(client, until, lateness);
  if (!page) return std::nullopt;
  return Outcome{page->failure, page->traffic, *std::move(page)};
}

std::optional<OrganizationPoller::Outcome> OrganizationPoller::look_at_credential(
    atlas::Client& client, const http::Until& until) {
  const std::optional<atlas::FetchedCaller> fetched = client.get_caller(of_.id, until);
  if (!fetched) return std::nullopt;
  std::vector<model::Role> excess;
  Outcome outcome{std::nullopt, *fetched};
  if (!fetched->caller) {
    outcome.failure = fetched->caller.error();
  } else if (*fetched->caller) {
    excess = policy::excess_of((*fetched->caller)->roles);
    recorder_.update(
        [&](model::OrganizationStatus& status) { status.credential_excess = !excess.empty(); });
  }
  observers_.credential({of_, *fetched, excess});
  return outcome;
}

void OrganizationPoller::settle(const Job& job, const Outcome& outcome) {
  const SteadyTime now = clock_.steady();
  settle_budget(job, outcome, now);
  if (listed_) settle_listed(job, outcome, now);
  const bool done =
      mode_ == PollMode::once && (job.kind != JobKind::sweep || outcome.page.finished);
  if (const auto next = done ? std::nullopt : next_of(job, outcome, now)) schedule_.add(*next);
}

void OrganizationPoller::settle_budget(const Job& job, const Outcome& outcome, SteadyTime now) {
  const auto requests = static_cast<int>(outcome.traffic.sent.size());
  if (requests > 1) bucket_.take(now, requests - 1);
  const atlas::RateFacts& rate = outcome.traffic.rate;
  // The root of the API has a bucket of its own, per caller: what it says of that is not ours.
  if (job.kind == JobKind::credential) return;
  bucket_.learn({rate.limit, rate.remaining}, now);
  if (rate.remaining) {
    recorder_.update(
        [&](model::OrganizationStatus& status) { status.rate_limit_remaining = rate.remaining; });
  }
  // Who asks each key only once does not wait for a service that is down: that would take hours.
  if (mode_ == PollMode::continuous || is_throttled(outcome.failure)) {
    backoff_.note(outcome.failure ? &*outcome.failure : nullptr, rate.retry_after, now, chance());
  }
}

/// Keys that are to be asked for by themselves, beside the list.
void OrganizationPoller::settle_listed(const Job& job, const Outcome& outcome, SteadyTime now) {
  const auto repeat = [&](std::uint32_t key) {
    if (repeats_early()) ask_for(key, next_due(job.due, now, kSoonest, settings_.jitter, chance()));
  };
  if (job.kind == JobKind::poll) asking_[job.key] = false;
  if (job.kind == JobKind::poll || job.kind == JobKind::recheck) {
    if (awaits_repeat(job.key)) repeat(job.key);
    return;
  }
  for (const std::uint32_t key : outcome.page.lacking) ask_for(key, now);
  if (outcome.page.repeats.size() > kMostRepeats) {
    walk_again_ = true;
    return;
  }
  for (const std::uint32_t key : outcome.page.repeats) repeat(key);
}

void OrganizationPoller::ask_for(std::uint32_t key, SteadyTime due) {
  if (asking_[key]) return;
  asking_[key] = true;
  schedule_.add({due, key, JobKind::poll});
}

/// Nothing if the job was a single one.
std::optional<Job> OrganizationPoller::next_of(const Job& job, const Outcome& outcome,
                                               SteadyTime now) {
  switch (job.kind) {
    case JobKind::credential:
      return Job{now + (outcome.failure ? kCredentialAgain : kCredentialEvery), 0, job.kind};
    case JobKind::sweep:
      return outcome.page.finished ? next_walk(outcome, now) : next_page(now);
    case JobKind::recheck:
      return next_recheck(job, of_.keys.size(), recheck_, now);
    case JobKind::poll:
      if (listed_) return std::nullopt;
      return next_poll(job, outcome, now);
  }
  return std::nullopt;
}

Job OrganizationPoller::next_poll(const Job& job, const Outcome& outcome, SteadyTime now) {
  const base::Duration interval = recorder_.organization().effective_interval;
  const base::Duration usual = awaits_repeat(job.key) ? std::min(interval, kSoonest) : interval;
  const auto wait =
      wait_after_failure(count_trouble(failures_[job.key], outcome.failure), usual, chance());
  return {next_due(job.due, now, wait, settings_.jitter, chance()), job.key, job.kind};
}

Job OrganizationPoller::next_walk(const Outcome& outcome, SteadyTime now) {
  if (listed_ && outcome.page.pages > 0) stretch(outcome.page.pages);
  const base::Duration interval = recorder_.organization().effective_interval;
  const bool soon = std::exchange(walk_again_, false) || outcome.page.unsure;
  const base::Duration usual = soon ? std::min(interval, kSoonest) : interval;
  const auto wait =
      wait_after_failure(count_trouble(failures_.back(), outcome.failure), usual, chance());
  return {next_due(walk_due_, now, wait, settings_.jitter, chance()), 0, JobKind::sweep};
}

/// Beside polls at half the pace that the rate limit allows, so that the other half is left to
/// them; where pages are the polls, at the whole.
Job OrganizationPoller::next_page(SteadyTime now) const {
  const bool whole = listed_ || mode_ == PollMode::once;
  return {now + milliseconds(whole ? 0 : 2 * 60'000 / settings_.per_minute), 0, JobKind::sweep};
}

/// An organization may hold many more keys than are configured: its list tells how long it is.
void OrganizationPoller::stretch(int pages) {
  const Demand demand =
      list_demand(of_, static_cast<std::size_t>(pages), settings_.recheck, settings_.per_minute);
  const base::Duration interval = effective_interval(of_.interval, demand, settings_.per_minute);
  recorder_.update([&](model::OrganizationStatus& status) {
    status.effective_interval = interval;
    status.detection_bound = detection_bound(interval, settings_.jitter, settings_.timeout, demand);
  });
}

bool OrganizationPoller::awaits_repeat(std::size_t key) const {
  return policy::awaits_repeat(recorder_.status(key), of_.keys[key], settings_.confirm);
}

/// Whether a repeat cannot wait for the next walk.
bool OrganizationPoller::repeats_early() const {
  return mode_ == PollMode::continuous && recorder_.organization().effective_interval > kSoonest;
}

Chance OrganizationPoller::chance() {
  return std::uniform_real_distribution<double>(0.0, 1.0)(random_);
}

}  // namespace aka::audit
