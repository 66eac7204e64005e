#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "alert/sink.h"
#include "base/clock.h"

namespace aka::alert {

class Receiver;

/// What a receiver took. `finished` are the outbox entries that are done and may be deleted, in the
/// same commit as whatever else `accepted` leads to; until then a restart delivers them again. They
/// are the ids of `accepted`, except that a resolve for a receiver that forgets (Alertmanager) is
/// finished five minutes later, or when the alert fires anew: then `accepted` is empty.
struct Acceptance {
  std::string sink;
  std::vector<Notification> accepted;  ///< each once in a process, in the order it was enqueued
  std::vector<std::int64_t> finished;
};

/// A request that failed. Everything in it is tried again.
struct FailedAttempt {
  std::string sink;
  std::string message;  ///< for people; never holds a secret
  int in_a_row = 1;     ///< failures since the last success, this one included
  base::Duration retry_in{};
};

/// Called on the receivers' threads, without a lock held, several at once. May block: only that
/// receiver waits. Must not call stop() or adopt().
struct DeliveryEvents {
  std::function<void(const Acceptance&)> accepted;
  std::function<void(const FailedAttempt&)> failed;
};

/// One receiver now.
struct SinkHealth {
  std::string sink;
  std::size_t pending = 0;  ///< due and not taken yet; a resolve that is only repeated is not
  std::optional<base::SteadyTime> waiting_since;  ///< when the oldest of these was due
  std::uint64_t delivered = 0;  ///< alerts in requests that succeeded, repeats and heartbeats too
  std::uint64_t failed = 0;     ///< alerts in requests that failed
};

/// Everything that fires now and whose commit is done, without AtlasAuditorAlive; labels are unique
/// in it. Must not list an alert whose resolve was enqueued.
using FiringProvider = std::function<std::vector<std::shared_ptr<const incident::Alert>>()>;

/// Takes notifications to their receivers: a thread and a queue for each, so that none waits for
/// another, and nobody for any of them. At least once, in order for each alert. Its memory mirrors
/// the outbox of the store: notifications come here after their commit, and at start from there.
/// Every member may be called from any thread; adopt(), start() and stop() by one at a time.
class Delivery {
 public:
  /// Without receivers, and waiting for start(). `clock` must outlive this.
  Delivery(const base::Clock& clock, DeliveryEvents events, FiringProvider firing);
  ~Delivery();
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;

  /// The receivers from now on. One whose label stays keeps its queue and tries at once what
  /// waited; the notifications of one that left are returned: nobody will deliver them, delete
  /// their entries. `alive` is the alert of heartbeats, for the sinks that have some.
  [[nodiscard]] std::vector<Notification> adopt(
      std::vector<std::unique_ptr<Sink>> sinks,
      const std::shared_ptr<const incident::Alert>& alive);

  /// Appends to the queues, in this order. Those for a receiver that there is not are returned.
  [[nodiscard]] std::vector<Notification> enqueue(std::vector<Notification> notifications);

  /// The labels of the receivers: who must get an outbox entry for a new notification.
  std::vector<std::string> sinks() const;
  /// In the order of sinks().
  std::vector<SinkHealth> health() const;

  /// Begins to deliver. Before it come adopt() and enqueue() with what the store has kept, so that
  /// nothing new overtakes it.
  void start();

  /// Ends every wait and request at once, and all threads. What was not delivered stays in the
  /// outbox.
  void stop();

 private:
  const base::Clock& clock_;
  const DeliveryEvents events_;
  const FiringProvider firing_;

  mutable std::mutex mutex_;  ///< guards what follows
  std::vector<std::unique_ptr<Receiver>> receivers_;
  bool started_ = false;
};

}  // namespace aka::alert
