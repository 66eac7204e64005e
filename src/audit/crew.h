#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "audit/organization_poller.h"
#include "base/clock.h"
#include "base/stop.h"
#include "http/until.h"

namespace aka::audit {

/// The threads that do the jobs of all organizations. One of them, the leader, waits until the next
/// job may begin and does it; should it still wait for an answer when another one may begin,
/// another thread leads. So one warm thread polls everything while answers come promptly, a service
/// that hangs holds as many threads as it has connections, and its trouble is nobody else's.
class Crew {
 public:
  explicit Crew(const base::Clock& clock);
  ~Crew();  ///< stop()
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  /// Once. The pollers must outlive the crew.
  void start(std::vector<OrganizationPoller*> pollers);

  /// Ends waits and requests under way; does not wait for that. No job begins any more.
  void request_stop();
  /// request_stop(), and returns when nothing runs any more.
  void stop();
  const base::StopSignal& stop_signal() const { return stop_; }

  /// Returns when no job waits or is under way, or a stop was requested.
  void wait_until_done();

  /// When a thread last came by to look at the clock, which it does every few seconds unless all
  /// are waiting for an answer.
  base::SteadyTime last_beat() const;

  /// From when on the next job may begin; nothing if none waits.
  std::optional<base::SteadyTime> next_start() const;

 private:
  void work();
  std::optional<std::size_t> next_poller(std::unique_lock<std::mutex>& lock);
  void place(std::size_t poller);
  http::Meanwhile succession();
  void call_another();
  std::nullopt_t leave();
  void join_gone();
  base::SteadyTime first_start() const;
  bool is_done() const;

  const base::Clock& clock_;
  base::StopSignal stop_;

  mutable std::mutex mutex_;  // guards all below; taken before any lock of a poller
  std::condition_variable leader_wakes_;
  std::condition_variable follower_wakes_;
  std::condition_variable done_;
  std::vector<OrganizationPoller*> pollers_;
  /// When which poller's next job may begin; those without one last.
  std::set<std::pair<base::SteadyTime, std::size_t>> queue_;
  std::vector<base::SteadyTime> starts_;  // by poller, as in queue_
  std::vector<std::thread> threads_;
  std::vector<std::thread> gone_;  // ended, and not joined yet
  std::size_t followers_ = 0;
  std::size_t busy_ = 0;
  bool led_ = false;
  base::SteadyTime awaited_{};  // by the leader
  base::SteadyTime last_beat_;
};

}  // namespace aka::audit
