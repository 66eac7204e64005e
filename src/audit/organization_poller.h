#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <thread>
#include <vector>

#include "atlas/client.h"
#include "audit/backoff.h"
#include "audit/list_walk.h"
#include "audit/observers.h"
#include "audit/recorder.h"
#include "audit/schedule.h"
#include "audit/token_bucket.h"
#include "base/clock.h"
#include "base/stop.h"
#include "http/until.h"
#include "model/snapshot.h"

namespace aka::audit {

struct PollSettings {
  base::Duration timeout{};  ///< one request, name lookup to last byte
  double jitter = 0;         ///< fraction of the interval
  int connections = 1;       ///< per organization
  int burst = 1;
  int per_minute = 1;
  int confirm = 1;  ///< polls in a row before something counts; a repeat comes within a minute
  /// With `fetch: list`, how often each key is also asked for by itself.
  base::Duration recheck = std::chrono::hours(24);

  friend bool operator==(const PollSettings&, const PollSettings&) = default;
};

/// Opens a connection with an authentication state of its own.
using ClientFactory = std::function<std::unique_ptr<atlas::Client>(const model::Organization&)>;

enum class PollMode { continuous, once };

using CredentialFactsOf = std::function<CredentialFacts(const model::Organization&)>;

/// What outlives a poller when the configuration changes.
struct PollerMemory {
  TokenBucket bucket;
  OrganizationBackoff backoff;
  std::vector<Job> jobs;  ///< not done; those under way among them
};

/// Polls the keys of one organization on threads of its own, so that its service's trouble is
/// nobody else's. One thread, the leader, waits for the next due job and does it; should that last
/// until another job is due, another thread leads. Never more threads than connections.
class OrganizationPoller {
 public:
  OrganizationPoller(std::size_t organization, const PollSettings& settings, PollMode mode,
                     const Common& common, const PollerMemory& memory, ClientFactory connect,
                     const CredentialFacts& credential);
  ~OrganizationPoller();
  OrganizationPoller(const OrganizationPoller&) = delete;
  OrganizationPoller& operator=(const OrganizationPoller&) = delete;

  void start();
  /// Ends waits and requests under way; does not wait. stop() then joins.
  void request_stop();
  void stop();
  /// request_stop(), and what a successor goes on with. Answers that come yet must not be recorded.
  PollerMemory retire();
  /// PollMode::once: returns when every job was done, or a stop was requested.
  void wait_until_done();

  /// When a thread last came by to look at the clock, which it does every few seconds unless all
  /// are waiting for an answer.
  base::SteadyTime last_beat() const;

  /// From when on the next job may begin; nothing if none waits, as while all are under way.
  std::optional<base::SteadyTime> next_start() const;

  /// Jobs that were begun and whose outcome does not yet count in budget, backoff and schedule.
  std::size_t under_way() const;

 private:
  /// What a job came to, as far as budget, backoff and schedule ask.
  struct Outcome {
    std::optional<model::Failure> failure;
    atlas::Traffic traffic;
    PageOutcome page = {};  ///< of a sweep
  };

  void work();
  std::optional<Job> next_job(std::unique_lock<std::mutex>& lock);
  std::optional<Job> lead(std::unique_lock<std::mutex>& lock);
  base::SteadyTime start_time(base::SteadyTime now) const;
  http::Meanwhile succession();
  void hand_over_lead();
  std::unique_ptr<atlas::Client> take_client(std::unique_lock<std::mutex>& lock);
  /// Nothing if a stop cut it short: then nothing was learned and nothing is recorded.
  std::optional<Outcome> perform(const Job& job, atlas::Client& client, http::Meanwhile& meanwhile);
  std::optional<Outcome> poll(const Job& job, atlas::Client& client, const http::Until& until);
  std::optional<Outcome> look_at_page(const Job& job, atlas::Client& client,
                                      const http::Until& until);
  std::optional<Outcome> look_at_credential(atlas::Client& client, const http::Until& until);
  void settle(const Job& job, const Outcome& outcome);
  void settle_budget(const Job& job, const Outcome& outcome, base::SteadyTime now);
  void settle_listed(const Job& job, const Outcome& outcome, base::SteadyTime now);
  void ask_for(std::uint32_t key, base::SteadyTime due);
  std::optional<Job> next_of(const Job& job, const Outcome& outcome, base::SteadyTime now);
  Job next_poll(const Job& job, const Outcome& outcome, base::SteadyTime now);
  Job next_page(base::SteadyTime now) const;
  Job next_walk(const Outcome& outcome, base::SteadyTime now);
  bool awaits_repeat(std::size_t key) const;
  bool repeats_early() const;
  void stretch(int pages);
  Chance chance();

  const model::Organization& of_;
  const bool listed_;             // with `fetch: list`
  const base::Duration recheck_;  // then: how often each key is asked for by itself
  const PollSettings settings_;
  const PollMode mode_;
  const ClientFactory connect_;
  const Observers& observers_;
  const base::Clock& clock_;
  Recorder recorder_;
  base::StopSignal stop_;

  // Of the one walk at a time; whoever holds its job owns them.
  std::optional<ListWalk> walk_;  // if anything asks for the list
  base::SteadyTime walk_due_{};
  bool walk_again_ = false;  // soon, for there is much to confirm

  mutable std::mutex mutex_;  // guards all below
  std::condition_variable leader_wakes_;
  std::condition_variable follower_wakes_;
  std::condition_variable done_;
  Schedule schedule_;
  TokenBucket bucket_;
  OrganizationBackoff backoff_;
  std::vector<Job> under_way_;
  std::vector<std::uint8_t> failures_;  // troubled polls in a row, by key; the last: sweeps
  std::vector<bool> asking_;  // with `fetch: list`, by key: it is to be asked for by itself
  std::vector<std::unique_ptr<atlas::Client>> idle_clients_;  // the last used one is taken first
  std::vector<std::thread> threads_;
  std::size_t running_ = 0;
  std::size_t followers_ = 0;
  bool led_ = false;
  base::SteadyTime last_beat_;
  std::minstd_rand random_;
};

}  // namespace aka::audit
