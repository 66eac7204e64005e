// All receivers together. Entry points: Delivery's members, which find the receivers concerned; the
// work is done by their threads (receiver.h).
#include "alert/delivery.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <utility>

#include "alert/receiver.h"

namespace aka::alert {

Delivery::Delivery(const base::Clock& clock, DeliveryEvents events, FiringProvider firing)
    : clock_(clock), events_(std::move(events)), firing_(std::move(firing)) {
  assert(firing_);
}

Delivery::~Delivery() { stop(); }

std::vector<Notification> Delivery::adopt(std::vector<std::unique_ptr<Sink>> sinks,
                                          const std::shared_ptr<const incident::Alert>& alive) {
  std::vector<std::unique_ptr<Receiver>> leaving;
  {
    const std::scoped_lock lock(mutex_);
    leaving = std::exchange(receivers_, {});
    for (auto& sink : sinks) {
      const auto known = std::ranges::find_if(leaving, [&](const auto& receiver) {
        return receiver && receiver->label() == sink->traits().label;
      });
      if (known != leaving.end()) {
        (*known)->renew(std::move(sink), alive);
        receivers_.push_back(std::move(*known));
        continue;
      }
      receivers_.push_back(
          std::make_unique<Receiver>(clock_, events_, firing_, std::move(sink), alive));
      if (started_) receivers_.back()->start();
    }
  }
  std::vector<Notification> dropped;
  for (const auto& receiver : leaving) {
    if (!receiver) continue;
    receiver->stop();
    std::ranges::move(receiver->left(), std::back_inserter(dropped));
  }
  return dropped;
}

std::vector<Notification> Delivery::enqueue(std::vector<Notification> notifications) {
  const std::scoped_lock lock(mutex_);
  // Each receiver gets its share at once, so that it makes whole batches of it.
  for (const auto& receiver : receivers_) {
    const auto share = std::stable_partition(
        notifications.begin(), notifications.end(),
        [&](const Notification& one) { return one.sink != receiver->label(); });
    receiver->enqueue(
        {std::make_move_iterator(share), std::make_move_iterator(notifications.end())});
    notifications.erase(share, notifications.end());
  }
  return notifications;
}

std::vector<std::string> Delivery::sinks() const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::string> sinks;
  for (const auto& receiver : receivers_) sinks.push_back(receiver->label());
  return sinks;
}

std::vector<SinkHealth> Delivery::health() const {
  const std::scoped_lock lock(mutex_);
  std::vector<SinkHealth> health;
  for (const auto& receiver : receivers_) health.push_back(receiver->health());
  return health;
}

void Delivery::start() {
  const std::scoped_lock lock(mutex_);
  for (const auto& receiver : receivers_) receiver->start();
  started_ = true;
}

void Delivery::stop() {
  std::vector<Receiver*> receivers;
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& receiver : receivers_) receivers.push_back(receiver.get());
    started_ = false;
  }
  // Without the lock: events that are under way may need it. All are told before one is awaited.
  for (Receiver* receiver : receivers) receiver->end();
  for (Receiver* receiver : receivers) receiver->stop();
}

}  // namespace aka::alert
