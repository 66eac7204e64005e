#pragma once

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "alert/delivery.h"
#include "alert/sink_factory.h"
#include "support/fake_clock.h"

namespace aka::alert::test {

using namespace std::chrono_literals;

/// Repeats a question until it is answered with yes; fails the test after a minute of real time.
template <typename Condition>
void eventually(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + 60s;
  while (!condition()) {
    REQUIRE(std::chrono::steady_clock::now() < end);
    std::this_thread::yield();
  }
}

/// A Delivery on a clock that the test moves, with a record of its events.
class Delivering {
 public:
  Delivering()
      : delivery(clock,
                 {[this](const Acceptance& acceptance) {
                    const std::scoped_lock lock(mutex_);
                    acceptances_.push_back(acceptance);
                  },
                  [this](const FailedAttempt& failed) {
                    const std::scoped_lock lock(mutex_);
                    failures_.push_back(failed);
                  }},
                 [this] {
                   const std::scoped_lock lock(mutex_);
                   return firing_;
                 }) {}

  void begin(std::vector<std::unique_ptr<Sink>> sinks) {
    CHECK(delivery.adopt(std::move(sinks), alive()).empty());
    delivery.start();
  }

  std::shared_ptr<const incident::Alert> alive() const {
    return std::make_shared<const incident::Alert>(alive_alert({}, clock.wall()));
  }

  void enqueue(std::vector<Notification> notifications) {
    CHECK(delivery.enqueue(std::move(notifications)).empty());
  }

  void set_firing(std::vector<std::shared_ptr<const incident::Alert>> firing) {
    const std::scoped_lock lock(mutex_);
    firing_ = std::move(firing);
  }

  std::vector<Acceptance> acceptances() const {
    const std::scoped_lock lock(mutex_);
    return acceptances_;
  }
  std::vector<FailedAttempt> failures() const {
    const std::scoped_lock lock(mutex_);
    return failures_;
  }
  /// Ids in the order in which they were accepted, and finished.
  std::vector<std::int64_t> accepted(const std::string& sink) const {
    std::vector<std::int64_t> ids;
    for (const Acceptance& acceptance : acceptances()) {
      if (acceptance.sink != sink) continue;
      for (const Notification& notification : acceptance.accepted) ids.push_back(notification.id);
    }
    return ids;
  }
  std::vector<std::int64_t> finished(const std::string& sink) const {
    std::vector<std::int64_t> ids;
    for (const Acceptance& acceptance : acceptances()) {
      if (acceptance.sink != sink) continue;
      ids.insert(ids.end(), acceptance.finished.begin(), acceptance.finished.end());
    }
    return ids;
  }

  std::size_t pending(const std::string& sink) const {
    for (const SinkHealth& health : delivery.health()) {
      if (health.sink == sink) return health.pending;
    }
    return 0;
  }

  /// Moves the clock on until something fails once more, or longer than any delay.
  void let_fail(std::chrono::nanoseconds step = 5min) {
    const std::size_t before = failures().size();
    clock.advance(step);
    eventually([&] { return failures().size() > before; });
  }

  testing::FakeClock clock;

 private:
  mutable std::mutex mutex_;  ///< guards what follows
  std::vector<Acceptance> acceptances_;
  std::vector<FailedAttempt> failures_;
  std::vector<std::shared_ptr<const incident::Alert>> firing_;

 public:
  Delivery delivery;  ///< last, so that its threads end first
};

using Ids = std::vector<std::int64_t>;

}  // namespace aka::alert::test
