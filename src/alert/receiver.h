#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "alert/delivery.h"
#include "alert/queue.h"
#include "base/stop.h"

namespace aka::alert {

/// One receiver with its queue and its thread. Made, started and destroyed by Delivery; every
/// member may be called from any thread.
class Receiver {
 public:
  Receiver(const base::Clock& clock, const DeliveryEvents& events, const FiringProvider& firing,
           std::unique_ptr<Sink> sink, std::shared_ptr<const incident::Alert> alive);
  ~Receiver();
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  const std::string& label() const { return label_; }

  void start();
  void end();   ///< stop() without waiting
  void stop();  ///< ends waits and requests, and the thread

  void enqueue(std::vector<Notification> notifications);
  /// Goes on with another sink of the same label.
  void renew(std::unique_ptr<Sink> sink, std::shared_ptr<const incident::Alert> alive);
  /// All whose outbox entries are still there. After stop().
  std::vector<Notification> left() const;
  SinkHealth health() const;

 private:
  using Lock = std::unique_lock<std::mutex>;
  enum class Task { none, heartbeat, resend, queue, repeats };

  /// A resolve that was taken and is told again, because the receiver may forget it.
  struct Repeat {
    Notification notification;
    base::SteadyTime next;
    base::SteadyTime last;
  };
  using Repeats = std::map<std::shared_ptr<const incident::Alert>, Repeat, ByLabels>;

  void run();
  void add(Notification notification);
  void take_over_renewed();
  Task next_task(base::SteadyTime now);
  base::SteadyTime next_wake(base::SteadyTime now) const;
  bool has_heartbeat() const;
  void perform(Task task, Lock& lock);

  void send_heartbeat(Lock& lock);
  void send_firing(Lock& lock);
  void send_queue(Lock& lock);
  void send_repeats(Lock& lock);

  /// Unlocks meanwhile. Notes what it means for the receiver, not for the notifications.
  Outcome send(std::span<const Notification> notifications, Lock& lock);
  void note_success(std::size_t count);
  base::Duration note_failure(const Refusal& refusal, std::size_t count);
  void tell_failed(const Refusal& refusal, base::Duration retry_in, Lock& lock);
  void tell_accepted(std::vector<Notification> accepted, Lock& lock);

  std::vector<Notification> firing_now(Lock& lock);
  void accept(std::span<const Notification> taken, base::SteadyTime now);
  void note_repeated(const Notification& notification, base::SteadyTime begun);
  base::Duration repeat_every() const;
  base::Duration longest_delay() const;

  const base::Clock& clock_;
  const DeliveryEvents& events_;
  const FiringProvider& firing_;
  const std::string label_;
  base::StopSignal stop_;

  mutable std::mutex
      mutex_;  ///< guards what follows; sink_ is used without it, by the thread alone
  std::condition_variable changed_;
  std::unique_ptr<Sink> sink_;
  std::unique_ptr<Sink> renewed_;  ///< takes the place of sink_ when the thread comes to it
  std::shared_ptr<const incident::Alert> alive_;
  Queue queue_;
  std::vector<Notification> attempt_;  ///< from the queue; a retry is the same request
  Repeats repeats_;
  std::vector<std::int64_t> finished_;  ///< not told yet
  std::optional<Notification> beat_;    ///< the heartbeat that is due
  std::int64_t beats_ = 0;
  base::SteadyTime beat_at_ = base::SteadyTime::min();
  base::SteadyTime resend_at_ = base::SteadyTime::min();
  base::SteadyTime retry_at_ = base::SteadyTime::min();
  int failures_ = 0;   ///< in a row
  bool lost_ = false;  ///< since it was last reached, so that it may have begun anew
  std::uint64_t delivered_ = 0;
  std::uint64_t failed_ = 0;
  std::minstd_rand random_{std::random_device{}()};
  std::thread thread_;
};

}  // namespace aka::alert
