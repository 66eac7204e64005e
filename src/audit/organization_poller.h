#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
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

/// What is to be asked of one organization's service, when, and what follows from the answers. It
/// takes the threads of whoever calls, as many at once as there may be connections. Safe from any
/// thread.
class OrganizationPoller {
 public:
  /// `stop` ends requests under way, and must outlive the poller, as all references.
  OrganizationPoller(std::size_t organization, const PollSettings& settings, PollMode mode,
                     const Common& common, const PollerMemory& memory, ClientFactory connect,
                     const CredentialFacts& credential, const base::StopSignal& stop);
  OrganizationPoller(const OrganizationPoller&) = delete;
  OrganizationPoller& operator=(const OrganizationPoller&) = delete;

  /// From when on the next job may begin; nothing if none waits, or no connection is left for it.
  std::optional<base::SteadyTime> next_start() const;

  /// The job that may begin at `now`, if there is one; perform() has to follow.
  std::optional<Job> begin(base::SteadyTime now);
  /// Asks, records the answer, and plans what follows from it.
  void perform(const Job& job, http::Meanwhile& meanwhile);

  /// What a successor goes on with; no job waits any more. Answers that come yet must not be
  /// recorded.
  PollerMemory retire();
  /// Closes the connections that are idle.
  void disconnect();

  /// Jobs that were begun and whose outcome does not yet count in budget, backoff and schedule.
  std::size_t under_way() const;

 private:
  /// What a job came to, as far as budget, backoff and schedule ask.
  struct Outcome {
    std::optional<model::Failure> failure;
    atlas::Traffic traffic;
    PageOutcome page = {};  ///< of a sweep
  };

  std::optional<base::SteadyTime> start_time(base::SteadyTime now) const;
  std::unique_ptr<atlas::Client> take_client();
  /// Nothing if a stop cut it short: then nothing was learned and nothing is recorded.
  std::optional<Outcome> ask(const Job& job, atlas::Client& client, http::Meanwhile& meanwhile);
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
  const base::StopSignal& stop_;

  // Of the one walk at a time; whoever holds its job owns them.
  std::optional<ListWalk> walk_;  // if anything asks for the list
  base::SteadyTime walk_due_{};
  bool walk_again_ = false;  // soon, for there is much to confirm

  mutable std::mutex mutex_;  // guards all below
  Schedule schedule_;
  TokenBucket bucket_;
  OrganizationBackoff backoff_;
  std::vector<Job> under_way_;
  std::vector<std::uint8_t> failures_;  // troubled polls in a row, by key; the last: sweeps
  std::vector<bool> asking_;  // with `fetch: list`, by key: it is to be asked for by itself
  std::vector<std::unique_ptr<atlas::Client>> idle_clients_;  // the last used one is taken first
  std::minstd_rand random_;
};

}  // namespace aka::audit
