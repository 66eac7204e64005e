#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>

#include "audit/observers.h"
#include "audit/owed_steps.h"
#include "base/clock.h"
#include "model/observation.h"
#include "model/snapshot.h"
#include "policy/advance.h"
#include "policy/discovery.h"

namespace aka::audit {

/// What all that watches one configuration shares.
struct Common {
  model::StatusTable& table;
  std::mutex& order;  ///< of all steps: held over a change of the table and its step
  OwedSteps& owed;    ///< with the order locked
  /// With the order locked: another configuration is in force, and nothing counts any more.
  const bool& retired;
  const Observers& observers;
  const base::Clock& clock;
};

/// Whether an observation has a request of its own, or shares one that was counted already.
enum class Request { own, shared };

/// Puts what was learned of one organization into the table, each time with a step: the one path
/// of every answer, however it was asked for. Safe from any thread.
class Recorder {
 public:
  /// All must outlive it.
  Recorder(std::size_t organization, const Common& common);

  /// One poll of the key with this index in the organization. A failure that shares its request
  /// does not count again as a failed attempt to reach the organization.
  /// Answers the key's status after it; nothing if it came too late to count.
  std::optional<model::KeyStatus> poll(std::size_t key, model::Answer answer,
                                       const atlas::Traffic& traffic,
                                       std::chrono::nanoseconds lateness,
                                       Request request = Request::own);

  /// `change` makes the next of what is known of unlisted keys; under the table's lock. Nothing if
  /// it came too late to count.
  std::optional<policy::DiscoveryAdvance> discover(
      const std::function<
          policy::DiscoveryAdvance(const std::shared_ptr<const model::Discovery>& before)>& change);

  model::KeyStatus status(std::size_t key) const { return table_.key(of_.first_key + key); }
  model::OrganizationStatus organization() const { return table_.organization(organization_); }
  void update(const std::function<void(model::OrganizationStatus&)>& change) {
    table_.update_organization(organization_, change);
  }
  int stale_after() const { return table_.stale_after(); }

 private:
  std::optional<policy::Advance> step(std::size_t key, const model::Observation& observation,
                                      Request request);

  const model::Organization& of_;
  const std::size_t organization_;
  model::StatusTable& table_;
  std::mutex& order_;  // taken before any lock of a poller
  OwedSteps& owed_;
  const bool& retired_;
  const Observers& observers_;
  const base::Clock& clock_;
};

}  // namespace aka::audit
