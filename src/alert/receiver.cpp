// The thread of one receiver. Entry point: run(), which does the most urgent task there is, sleeps
// until there is one, or until the receiver may be tried again. A lock is held in between only: no
// request, no event and no question to the provider happens under it.
#include "alert/receiver.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <pthread.h>
#include <utility>

#include "alert/retry.h"

namespace aka::alert {
namespace {

using base::SteadyTime;

/// A request, name lookup to last byte. Some webhooks do their work before they answer.
constexpr std::chrono::seconds kRequestTime{30};

constexpr std::chrono::minutes kRepeatFor{5};
constexpr base::Duration kRepeatEvery = std::chrono::minutes(1);

/// What came due before this process did, as the wall clock tells.
SteadyTime waiting_since(const Notification& notification, const base::Clock& clock) {
  const auto age = clock.wall() - notification.due;
  return clock.steady() - std::max<std::chrono::nanoseconds>(age, std::chrono::nanoseconds::zero());
}

}  // namespace

Receiver::Receiver(const base::Clock& clock, const DeliveryEvents& events,
                   const FiringProvider& firing, std::unique_ptr<Sink> sink,
                   std::shared_ptr<const incident::Alert> alive)
    : clock_(clock),
      events_(events),
      firing_(firing),
      label_(sink->traits().label),
      sink_(std::move(sink)),
      alive_(std::move(alive)) {}

Receiver::~Receiver() { stop(); }

void Receiver::start() {
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), "alert-delivery");
    run();
  });
}

void Receiver::end() {
  {
    const std::scoped_lock lock(mutex_);
    stop_.request();
  }
  changed_.notify_all();
}

void Receiver::stop() {
  end();
  if (thread_.joinable()) thread_.join();
}

void Receiver::enqueue(std::vector<Notification> notifications) {
  if (notifications.empty()) return;
  {
    const std::scoped_lock lock(mutex_);
    for (Notification& notification : notifications) add(std::move(notification));
  }
  changed_.notify_all();
}

void Receiver::add(Notification notification) {
  // What is said anew about an alert must not be undone by a repeat.
  if (const auto repeat = repeats_.find(notification.alert); repeat != repeats_.end()) {
    finished_.push_back(repeat->second.notification.id);
    repeats_.erase(repeat);
  }
  const SteadyTime since = waiting_since(notification, clock_);
  queue_.add(std::move(notification), since);
}

void Receiver::renew(std::unique_ptr<Sink> sink, std::shared_ptr<const incident::Alert> alive) {
  {
    const std::scoped_lock lock(mutex_);
    assert(sink->traits().label == label_);
    renewed_ = std::move(sink);
    alive_ = std::move(alive);
  }
  changed_.notify_all();
}

std::vector<Notification> Receiver::left() const {
  const std::scoped_lock lock(mutex_);
  std::vector<Notification> left = queue_.all();
  for (const auto& [alert, repeat] : repeats_) left.push_back(repeat.notification);
  return left;
}

SinkHealth Receiver::health() const {
  const std::scoped_lock lock(mutex_);
  return {label_, queue_.size(), queue_.waiting_since(), delivered_, failed_};
}

void Receiver::run() {
  Lock lock(mutex_);
  while (!stop_.requested()) {
    take_over_renewed();
    if (!finished_.empty()) {
      tell_accepted({}, lock);
      continue;
    }
    const SteadyTime now = clock_.steady();
    const Task task = next_task(now);
    if (task == Task::none) {
      clock_.wait_until(changed_, lock, next_wake(now));
    } else {
      perform(task, lock);
    }
  }
}

void Receiver::take_over_renewed() {
  if (!renewed_) return;
  sink_ = std::move(renewed_);
  // The settings may have been mended, so nothing waits for an old failure's sake.
  retry_at_ = resend_at_ = beat_at_ = SteadyTime::min();
  attempt_.clear();
  beat_.reset();
  queue_.release_all();
}

Receiver::Task Receiver::next_task(SteadyTime now) {
  const SinkTraits& traits = sink_->traits();
  if (now < retry_at_) return Task::none;
  if (has_heartbeat() && now >= beat_at_) return Task::heartbeat;
  if (traits.resend && now >= resend_at_) return Task::resend;
  if (attempt_.empty()) attempt_ = queue_.batch(traits.batch, now);
  if (!attempt_.empty()) return Task::queue;
  const bool repeats = std::ranges::any_of(
      repeats_, [&](const Repeats::value_type& entry) { return entry.second.next <= now; });
  return repeats ? Task::repeats : Task::none;
}

SteadyTime Receiver::next_wake(SteadyTime now) const {
  if (now < retry_at_) return retry_at_;
  const SinkTraits& traits = sink_->traits();
  SteadyTime wake = queue_.next(now).value_or(SteadyTime::max());
  if (has_heartbeat()) wake = std::min(wake, beat_at_);
  if (traits.resend) wake = std::min(wake, resend_at_);
  for (const auto& [alert, repeat] : repeats_) wake = std::min(wake, repeat.next);
  return wake;
}

void Receiver::perform(Task task, Lock& lock) {
  switch (task) {
    case Task::heartbeat:
      return send_heartbeat(lock);
    case Task::resend:
      return send_firing(lock);
    case Task::queue:
      return send_queue(lock);
    case Task::repeats:
      return send_repeats(lock);
    case Task::none:
      return;
  }
}

bool Receiver::has_heartbeat() const {
  return alive_ != nullptr && sink_->traits().heartbeat.count() > 0;
}

void Receiver::send_heartbeat(Lock& lock) {
  if (!beat_) beat_ = Notification{--beats_, label_, alive_, clock_.wall()};
  const Notification beat = *beat_;
  const SteadyTime begun = clock_.steady();
  const Outcome outcome = send({&beat, 1}, lock);
  if (!outcome && outcome.error().kind != RefusalKind::content) return;
  beat_at_ = begun + sink_->traits().heartbeat;
  beat_.reset();
}

/// A receiver that dislikes one of them has taken the others.
void Receiver::send_firing(Lock& lock) {
  const SteadyTime begun = clock_.steady();
  const std::vector<Notification> firing = firing_now(lock);
  const std::size_t most = sink_->traits().batch;
  for (std::size_t sent = 0; sent < firing.size(); sent += most) {
    const auto batch = std::span(firing).subspan(sent, std::min(most, firing.size() - sent));
    const Outcome outcome = send(batch, lock);
    if (!outcome && outcome.error().kind != RefusalKind::content) return;
  }
  resend_at_ = begun + *sink_->traits().resend;
}

/// Without those that the queue or a repeat tells of: these have an order to keep.
std::vector<Notification> Receiver::firing_now(Lock& lock) {
  lock.unlock();
  const auto alerts = firing_();
  lock.lock();
  AlertSet told = queue_.alerts();
  for (const auto& [alert, repeat] : repeats_) told.insert(alert);
  std::vector<Notification> firing;
  for (const auto& alert : alerts) {
    if (!told.contains(alert)) firing.push_back({0, label_, alert, clock_.wall()});
  }
  // Forgotten as well; its absence for as long as a heartbeat may take would be a false alarm.
  if (has_heartbeat()) firing.push_back({0, label_, alive_, clock_.wall()});
  return firing;
}

void Receiver::send_queue(Lock& lock) {
  const Outcome outcome = send(attempt_, lock);
  if (outcome) {
    accept(attempt_, clock_.steady());
    tell_accepted(std::exchange(attempt_, {}), lock);
  } else if (outcome.error().kind == RefusalKind::content) {
    queue_.dislike(attempt_, clock_.steady() + kLongestDelay);
    attempt_.clear();
  }
}

void Receiver::accept(std::span<const Notification> taken, SteadyTime now) {
  queue_.take(taken);
  const bool forgets = sink_->traits().resend.has_value();
  const AlertSet to_come = forgets ? queue_.alerts() : AlertSet();
  for (const Notification& notification : taken) {
    if (forgets && notification.is_resolved() && !to_come.contains(notification.alert)) {
      repeats_.insert_or_assign(notification.alert,
                                Repeat{notification, now + repeat_every(), now + kRepeatFor});
    } else {
      finished_.push_back(notification.id);
    }
  }
}

base::Duration Receiver::repeat_every() const {
  return std::min(kRepeatEvery, *sink_->traits().resend);
}

void Receiver::send_repeats(Lock& lock) {
  const SteadyTime begun = clock_.steady();
  std::vector<Notification> due;
  for (const auto& [alert, repeat] : repeats_) {
    if (repeat.next <= begun && due.size() < sink_->traits().batch) {
      due.push_back(repeat.notification);
    }
  }
  const Outcome outcome = send(due, lock);
  if (!outcome && outcome.error().kind != RefusalKind::content) return;
  for (const Notification& notification : due) note_repeated(notification, begun);
}

void Receiver::note_repeated(const Notification& notification, SteadyTime begun) {
  const auto entry = repeats_.find(notification.alert);
  // It may have ended meanwhile, because the alert fires anew.
  if (entry == repeats_.end() || entry->second.notification.id != notification.id) return;
  Repeat& repeat = entry->second;
  if (begun < repeat.last) {
    repeat.next = std::min(begun + repeat_every(), repeat.last);
  } else {
    finished_.push_back(notification.id);
    repeats_.erase(entry);
  }
}

Outcome Receiver::send(std::span<const Notification> notifications, Lock& lock) {
  lock.unlock();
  Outcome outcome =
      sink_->deliver(notifications, std::chrono::steady_clock::now() + kRequestTime, stop_);
  lock.lock();
  if (outcome) {
    note_success(notifications.size());
  } else if (outcome.error().kind != RefusalKind::stopped) {
    const base::Duration retry_in = note_failure(outcome.error(), notifications.size());
    tell_failed(outcome.error(), retry_in, lock);
  }
  return outcome;
}

void Receiver::note_success(std::size_t count) {
  delivered_ += count;
  failures_ = 0;
  if (!std::exchange(lost_, false)) return;
  // It may have been started anew, with nothing in its memory.
  const SteadyTime now = clock_.steady();
  resend_at_ = beat_at_ = SteadyTime::min();
  for (auto& [alert, repeat] : repeats_) repeat.next = now;
}

base::Duration Receiver::note_failure(const Refusal& refusal, std::size_t count) {
  failed_ += count;
  ++failures_;
  if (refusal.kind == RefusalKind::content) return count > 1 ? base::Duration(0) : kLongestDelay;
  lost_ = lost_ || refusal.kind == RefusalKind::unreachable;
  const double chance = std::uniform_real_distribution<>(0, 1)(random_);
  const base::Duration delay = delay_after(refusal, failures_, longest_delay(), chance);
  retry_at_ = clock_.steady() + delay;
  return delay;
}

/// One that forgets must have all again within one resend from when it is back.
base::Duration Receiver::longest_delay() const {
  return std::min(kLongestDelay, sink_->traits().resend.value_or(kLongestDelay));
}

void Receiver::tell_failed(const Refusal& refusal, base::Duration retry_in, Lock& lock) {
  const FailedAttempt failed{label_, refusal.message, failures_, retry_in};
  lock.unlock();
  if (events_.failed) events_.failed(failed);
  lock.lock();
}

void Receiver::tell_accepted(std::vector<Notification> accepted, Lock& lock) {
  const Acceptance acceptance{label_, std::move(accepted), std::exchange(finished_, {})};
  lock.unlock();
  if (events_.accepted) events_.accepted(acceptance);
  lock.lock();
}

}  // namespace aka::alert
