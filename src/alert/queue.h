#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "alert/sink.h"
#include "base/clock.h"

namespace aka::alert {

struct ByLabels {
  bool operator()(const std::shared_ptr<const incident::Alert>& left,
                  const std::shared_ptr<const incident::Alert>& right) const {
    return left->labels < right->labels;
  }
};
using AlertSet = std::set<std::shared_ptr<const incident::Alert>, ByLabels>;

/// What one receiver has not taken yet. For one alert the order of add() is kept; an alert that the
/// receiver will not have does not hold up others. A value without threads.
class Queue {
 public:
  void add(Notification notification, base::SteadyTime since);

  /// What may go in one request now, as Sink::deliver() wants it; stays here until take().
  std::vector<Notification> batch(std::size_t most, base::SteadyTime now) const;

  /// These were taken.
  void take(std::span<const Notification> notifications);

  /// The receiver dislikes the content of this batch: the next ones are smaller, until the one at
  /// fault is alone. That one, and what follows it for the same alert, then waits until `release`.
  void dislike(std::span<const Notification> notifications, base::SteadyTime release);

  /// Nothing waits for its release any more.
  void release_all();

  /// When batch() is not empty again; nothing while there is nothing to wait for.
  std::optional<base::SteadyTime> next(base::SteadyTime now) const;

  std::size_t size() const { return entries_.size(); }
  std::optional<base::SteadyTime> waiting_since() const;
  /// The alerts that it tells of.
  AlertSet alerts() const;
  std::vector<Notification> all() const;

 private:
  struct Entry {
    Notification notification;
    base::SteadyTime since;
    base::SteadyTime release;  ///< not before
  };

  std::list<Entry> entries_;
  std::optional<std::size_t> narrowed_;  ///< most in a batch while one that is disliked is sought
};

}  // namespace aka::alert
