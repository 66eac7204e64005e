// The order in which one receiver is told. Entry point: Queue::batch(), which goes through the
// queue from the front, leaves out what must not go now, and with it all that comes later for the
// same alert.
#include "alert/queue.h"

#include <algorithm>

namespace aka::alert {
namespace {

/// How far a batch is looked for: a queue of a day's outage must not be searched whole each time.
constexpr std::size_t kWindow = 5000;

}  // namespace

void Queue::add(Notification notification, base::SteadyTime since) {
  entries_.push_back({std::move(notification), since, base::SteadyTime::min()});
}

std::vector<Notification> Queue::batch(std::size_t most, base::SteadyTime now) const {
  most = std::min(most, narrowed_.value_or(most));
  std::vector<Notification> batch;
  AlertSet seen;
  std::size_t looked_at = 0;
  for (const Entry& entry : entries_) {
    if (batch.size() == most || ++looked_at > kWindow) break;
    const bool is_first = seen.insert(entry.notification.alert).second;
    const bool fits =
        batch.empty() || batch.front().is_resolved() == entry.notification.is_resolved();
    if (is_first && fits && entry.release <= now) batch.push_back(entry.notification);
  }
  return batch;
}

void Queue::take(std::span<const Notification> notifications) {
  auto entry = entries_.begin();
  for (const Notification& taken : notifications) {
    // A batch is in the order of the queue.
    entry = std::find_if(entry, entries_.end(), [&](const Entry& candidate) {
      return candidate.notification.id == taken.id;
    });
    if (entry == entries_.end()) break;
    entry = entries_.erase(entry);
  }
  if (narrowed_ && (*narrowed_ *= 2) > kWindow) narrowed_.reset();
}

void Queue::dislike(std::span<const Notification> notifications, base::SteadyTime release) {
  narrowed_ = std::max<std::size_t>(1, notifications.size() / 2);
  if (notifications.size() > 1) return;
  for (Entry& entry : entries_) {
    if (entry.notification.id == notifications.front().id) entry.release = release;
  }
}

void Queue::release_all() {
  narrowed_.reset();
  for (Entry& entry : entries_) entry.release = base::SteadyTime::min();
}

std::optional<base::SteadyTime> Queue::next(base::SteadyTime now) const {
  if (entries_.empty()) return std::nullopt;
  if (!batch(1, now).empty()) return now;
  return std::ranges::max(now, std::ranges::min_element(entries_, {}, [&](const Entry& entry) {
                                 return entry.release <= now ? base::SteadyTime::max()
                                                             : entry.release;
                               })->release);
}

std::optional<base::SteadyTime> Queue::waiting_since() const {
  if (entries_.empty()) return std::nullopt;
  return std::ranges::min_element(entries_, {}, &Entry::since)->since;
}

AlertSet Queue::alerts() const {
  AlertSet alerts;
  for (const Entry& entry : entries_) alerts.insert(entry.notification.alert);
  return alerts;
}

std::vector<Notification> Queue::all() const {
  std::vector<Notification> all;
  all.reserve(entries_.size());
  for (const Entry& entry : entries_) all.push_back(entry.notification);
  return all;
}

}  // namespace aka::alert
