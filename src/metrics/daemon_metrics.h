#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/ids.h"
#include "model/observation.h"
#include "model/roster.h"

namespace aka::metrics {

/// Which program this is; an empty text leaves its label out.
struct Build {
  std::string version;
  std::string revision;
  std::string compiler;
};

/// The counters of one organization. Opaque: a handle that makes counting cheap.
class OrganizationCounters;
using OrganizationHandle = std::shared_ptr<OrganizationCounters>;

/// What the daemon tells of itself: the `atlas_key_auditor_*` and `process_*` series. It starts
/// with no organization and with the configuration counted as not loaded.
/// Every member is safe from any thread.
class DaemonMetrics {
 public:
  explicit DaemonMetrics(const Build& build);
  ~DaemonMetrics();
  DaemonMetrics(const DaemonMetrics&) = delete;
  DaemonMetrics& operator=(const DaemonMetrics&) = delete;

  /// From now on the series are those of the roster's organizations: one that stayed, under the
  /// same id and name, keeps its counts; a new one starts at 0; one that left is gone.
  void configure(const model::Roster& roster);

  /// Null if it is not configured. A handle stays usable after its organization left; what it
  /// counts then is not shown.
  OrganizationHandle organization(model::OrganizationId id) const;

  /// Not for State::pending, which is no outcome of a poll.
  void count_poll(OrganizationCounters& organization, model::State outcome);
  /// `code` is the HTTP status; 0, or anything that is no status, means there was no answer.
  void count_request(OrganizationCounters& organization, int code,
                     std::chrono::nanoseconds duration);
  /// How long after its due time a poll started; a negative delay counts as none.
  void observe_delay(std::chrono::nanoseconds delay);

  /// Which part of the organizations is watched: shard `index`, from 0, of `count`. Once.
  void set_shard(int index, int count);

  /// Whether another process watches what this one would.
  void set_standby(bool standby);

  void config_loaded(base::WallTime when);
  void config_rejected();
  /// The configuration just loaded asks for less than the one before.
  void config_weakened(base::WallTime when);

  /// The receivers from now on: one that stayed keeps its counts, new ones start at 0, those that
  /// left are gone.
  void set_sinks(const std::vector<std::string>& sinks);
  /// Of a receiver that left, nothing is counted; the same of set_pending().
  void count_notifications(const std::string& sink, bool ok, std::size_t count);
  void set_pending(const std::string& sink, std::size_t count);

  /// The journal's newest record (`seq` 0: there is none), and how many were just written. A page
  /// always shows number and hash of the same one.
  void journal_committed(std::int64_t seq, const std::string& sha256, std::size_t records);
  void journal_failed();

  /// Prometheus text 0.0.4. Reads /proc for the `process_*` series; what it cannot read is left
  /// out.
  std::string render() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace aka::metrics
