// Who watches, of processes that are after the same store. Entry point: Daemon::keep_asking(). Duty
// is all or nothing: whoever gets the store begins as after a restart, with what the store holds;
// whoever loses it drops all it knew, since the other one's word counts.
#include <utility>

#include "app/daemon.h"
#include "app/events.h"
#include "app/log.h"

namespace aka::app {
namespace {

constexpr base::Duration kAskEvery = std::chrono::seconds(2);
/// A store that was never reached: then this process watches, because nobody may be watching.
constexpr base::Duration kWatchAnywayAfter = std::chrono::seconds(12);

}  // namespace

Daemon::Duty::Duty(Daemon& daemon)
    : chronicle(daemon.metrics_, daemon.resolver_, daemon.options_.shard, daemon.clock_),
      auditor(daemon.observers(chronicle), daemon.clock_) {}

std::shared_ptr<Daemon::Duty> Daemon::duty() const {
  const std::scoped_lock lock(duty_mutex_);
  return duty_;
}

/// With reloading_ held.
void Daemon::begin_duty(base::Result<OpenedStore> opened, Configuration configuration) {
  if (access_.shared) sources_ = configuration.sources;
  const std::string store_path = configuration.settings.store.path;
  const auto next = std::make_shared<Duty>(*this);
  next->chronicle.open(std::move(opened), access_, [this] {
    const std::scoped_lock lock(asking_mutex_);
    replaced_ = true;
    asks_.notify_all();
  });
  if (auto memory = next->chronicle.recall(configuration))
    next->auditor.restore(*std::move(memory));
  adopt(*next, std::move(configuration));
  next->chronicle.start(next->auditor);
  metrics_.set_standby(false);
  {
    const std::scoped_lock lock(duty_mutex_);
    duty_ = next;
  }
  open_control(store_path);
}

/// With reloading_ held.
void Daemon::stand_by(Configuration configuration) {
  lifecycle_ = configuration.settings.web.lifecycle;
  metrics_.set_standby(true);
  metrics_.configure({});
  metrics_.set_sinks({});
  metrics_.journal_committed(0, {}, 0);
  configuration_ = std::move(configuration);
  remember_loaded();
  log::info("standing_by",
            {{"message", "this process takes over when the one that has the store ends"}});
}

void Daemon::keep_asking() {
  std::unique_lock lock(asking_mutex_);
  while (!end_asking_) {
    clock_.wait_until(asks_, lock, clock_.steady() + kAskEvery);
    if (end_asking_) return;
    const bool replaced = std::exchange(replaced_, false);
    lock.unlock();
    if (replaced) step_down();
    if (duty() == nullptr) ask_for_duty();
    lock.lock();
  }
}

void Daemon::end_asking() {
  {
    const std::scoped_lock lock(asking_mutex_);
    end_asking_ = true;
    asks_.notify_all();
  }
  if (asking_.joinable()) asking_.join();
}

void Daemon::step_down() {
  const std::scoped_lock lock(reloading_);
  if (stopped_ || duty() == nullptr) return;
  std::shared_ptr<Duty> before;
  {
    const std::scoped_lock change(duty_mutex_);
    before = std::exchange(duty_, nullptr);
  }
  control_.reset();
  before->auditor.stop();
  before->chronicle.abandon();
  Configuration configuration = *std::move(configuration_);
  configuration.sources = sources_;
  stand_by(std::move(configuration));
}

void Daemon::ask_for_duty() {
  auto opened = access_.take();
  if (!opened) {
    reached_ = reached_ || opened.error().kind == base::ErrorKind::busy;
    if (std::exchange(refusal_, opened.error().message) != opened.error().message)
      log::info("waiting_for_store", {{"message", opened.error().message}});
    if (reached_ || clock_.steady() - asked_first_ < kWatchAnywayAfter) return;
  }
  const std::scoped_lock lock(reloading_);
  if (stopped_) return;
  reached_ = true;
  refusal_.clear();
  log::warning("taking_over", {{"store", opened ? "opened" : "out of reach"}});
  Configuration configuration = *std::move(configuration_);
  configuration_.reset();
  begin_duty(std::move(opened), std::move(configuration));
}

}  // namespace aka::app
