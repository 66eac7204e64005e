// Who waits, who works. Entry point: work(), the loop of each thread. A thread that finds a due job
// takes it; else it leads, or follows if somebody does. Nobody leads while the only busy thread is
// quick, because waking another one for every poll costs more than a third of it.
#include "audit/crew.h"

#include <algorithm>
#include <chrono>

namespace aka::audit {

using base::SteadyTime;

namespace {

constexpr SteadyTime kNever = SteadyTime::max();
/// Threads kept for the next overlap. A start, or an outage, may have called hundreds.
constexpr std::size_t kSpare = 2;

}  // namespace

Crew::Crew(const base::Clock& clock) : clock_(clock), last_beat_(clock.steady()) {}

Crew::~Crew() { stop(); }

void Crew::start(std::vector<OrganizationPoller*> pollers) {
  const std::scoped_lock lock(mutex_);
  pollers_ = std::move(pollers);
  for (std::size_t i = 0; i < pollers_.size(); ++i) {
    starts_.push_back(pollers_[i]->next_start().value_or(kNever));
    queue_.emplace(starts_[i], i);
  }
  call_another();
}

void Crew::request_stop() {
  stop_.request();
  const std::scoped_lock lock(mutex_);
  leader_wakes_.notify_all();
  follower_wakes_.notify_all();
  done_.notify_all();
}

void Crew::stop() {
  request_stop();
  std::vector<std::thread> threads;
  {
    const std::scoped_lock lock(mutex_);
    threads.swap(threads_);
    join_gone();
  }
  for (std::thread& thread : threads) thread.join();
}

void Crew::wait_until_done() {
  std::unique_lock lock(mutex_);
  done_.wait(lock, [this] { return stop_.requested() || is_done(); });
}

SteadyTime Crew::first_start() const { return queue_.empty() ? kNever : queue_.begin()->first; }

bool Crew::is_done() const { return busy_ == 0 && first_start() == kNever; }

SteadyTime Crew::last_beat() const {
  const std::scoped_lock lock(mutex_);
  return last_beat_;
}

std::optional<SteadyTime> Crew::next_start() const {
  const std::scoped_lock lock(mutex_);
  const SteadyTime start = first_start();
  return start == kNever ? std::nullopt : std::optional(start);
}

void Crew::work() {
  std::unique_lock lock(mutex_);
  while (const std::optional<std::size_t> number = next_poller(lock)) {
    OrganizationPoller& poller = *pollers_[*number];
    const std::optional<Job> job = poller.begin(last_beat_);
    place(*number);
    if (!job) continue;
    ++busy_;
    http::Meanwhile meanwhile = succession();
    lock.unlock();
    poller.perform(*job, meanwhile);
    lock.lock();
    --busy_;
    place(*number);
    if (is_done()) done_.notify_all();
  }
}

/// One whose job may begin; nothing if this thread has to end.
std::optional<std::size_t> Crew::next_poller(std::unique_lock<std::mutex>& lock) {
  while (!stop_.requested()) {
    last_beat_ = clock_.steady();
    const SteadyTime start = first_start();
    if (start <= last_beat_) return queue_.begin()->second;
    if (led_) {
      if (start < awaited_) leader_wakes_.notify_one();
      if (followers_ == kSpare) return leave();
      ++followers_;
      follower_wakes_.wait(lock);
      --followers_;
    } else {
      led_ = true;
      awaited_ = start;
      clock_.wait_until(leader_wakes_, lock, start);
      led_ = false;
    }
  }
  return std::nullopt;
}

/// Where it belongs in the queue by now.
void Crew::place(std::size_t poller) {
  auto node = queue_.extract({starts_[poller], poller});
  starts_[poller] = pollers_[poller]->next_start().value_or(kNever);
  node.value().first = starts_[poller];
  queue_.insert(std::move(node));
}

/// Somebody has to wait for the next job while this thread does one.
http::Meanwhile Crew::succession() {
  const SteadyTime start = first_start();
  if (led_) {
    if (start < awaited_) leader_wakes_.notify_one();
    return {};
  }
  if (start == kNever) return {};
  const SteadyTime now = clock_.steady();
  if (start <= now) {
    call_another();
    return {};
  }
  return {std::chrono::steady_clock::now() + (start - now), [this] {
            const std::scoped_lock lock(mutex_);
            if (!led_) call_another();
          }};
}

void Crew::call_another() {
  if (followers_ > 0) {
    follower_wakes_.notify_one();
  } else if (!stop_.requested()) {
    join_gone();
    threads_.emplace_back([this] { work(); });
  }
}

/// This thread is not needed. Nothing, for its caller.
std::nullopt_t Crew::leave() {
  const auto self = std::ranges::find(threads_, std::this_thread::get_id(), &std::thread::get_id);
  gone_.push_back(std::move(*self));
  threads_.erase(self);
  return std::nullopt;
}

/// They have left the lock, and have nothing more to do.
void Crew::join_gone() {
  for (std::thread& thread : gone_) thread.join();
  gone_.clear();
}

}  // namespace aka::audit
