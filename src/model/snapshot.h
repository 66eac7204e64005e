#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "model/discovery.h"
#include "model/roster.h"
#include "model/status.h"

namespace aka::model {

/// What is known of one organization, beside its keys.
struct OrganizationStatus {
  base::SteadyTime last_conclusive{};  ///< of any of its keys; the clock's epoch: never
  base::SteadyTime watched_since{};    ///< when it was first configured; kept over restarts
  /// No key gave a conclusive answer for an interval; true until one does.
  bool unreachable = false;
  base::SteadyTime reachable_since{};  ///< when that last ended
  base::SteadyTime failing_since{};    ///< of the first of the failed polls, if there are any
  std::uint32_t failed_polls = 0;      ///< since the last conclusive one
  std::optional<long long> rate_limit_remaining;  ///< requests left before a wait
  base::Duration effective_interval{};  ///< the configured one, or longer if the rate limit is low
  base::Duration detection_bound{};     ///< the longest a change can go unseen while all works
  /// Of its keys, by WaiverState; counted when a snapshot is taken.
  std::array<std::uint32_t, kWaiverStates.size()> waivers{};
  std::shared_ptr<const Discovery> discovery;  ///< null: off, or no page was asked for yet
  /// The daemon's own key holds more than it needs; nothing: unknown.
  std::optional<bool> credential_excess;
};

inline constexpr std::size_t kChunkSize = 256;
using Chunk = std::array<KeyStatus, kChunkSize>;

/// One consistent moment of everything watched. Immutable; holds the roster it speaks of.
struct Snapshot {
  std::shared_ptr<const Roster> roster;
  std::vector<std::shared_ptr<const Chunk>> chunks;
  std::vector<OrganizationStatus> organizations;  ///< parallel to roster->organizations
  base::WallTime wall{};
  base::SteadyTime steady{};
  int stale_after = 3;  ///< in intervals of the key's organization

  /// The status of the key with this index among all keys: Organization::first_key + i.
  const KeyStatus& status(std::size_t index) const {
    return (*chunks[index / kChunkSize])[index % kChunkSize];
  }

  base::Duration stale_after_of(const Organization& organization) const {
    return stale_after *
           organizations[static_cast<std::size_t>(&organization - roster->organizations.data())]
               .effective_interval;
  }
};

/// The mutable original of snapshots. A reader takes a few hundred pointers under the lock and is
/// gone; a writer copies a chunk only while a reader still holds it, so neither waits for the
/// other. Safe from any thread.
class StatusTable {
 public:
  StatusTable(std::shared_ptr<const Roster> roster, int stale_after);

  Snapshot snapshot(const base::Clock& clock) const;

  KeyStatus key(std::size_t index) const;
  /// A key where it stands: the index of its organization in the roster, its own among all keys.
  struct Place {
    std::size_t organization = 0;
    std::size_t index = 0;
    const Key& key;
  };
  /// Every key in order, under the table's lock: `look` must be short and must not call back.
  void visit(const std::function<void(const Place&, const KeyStatus&)>& look) const;
  OrganizationStatus organization(std::size_t index) const;

  /// Changes a key and its organization in one step, so that no snapshot sees one without the
  /// other. `change` runs under the table's lock: it must be short and must not call back.
  void update(std::size_t key, std::size_t organization,
              const std::function<void(KeyStatus&, OrganizationStatus&)>& change);
  void update_organization(std::size_t index,
                           const std::function<void(OrganizationStatus&)>& change);
  void set_key(std::size_t index, KeyStatus status);
  void set_organization(std::size_t index, const OrganizationStatus& status);

  const std::shared_ptr<const Roster>& roster() const { return roster_; }
  int stale_after() const { return stale_after_; }

 private:
  KeyStatus& writable(std::size_t index);

  const std::shared_ptr<const Roster> roster_;
  const int stale_after_;

  mutable std::mutex mutex_;  // guards all below
  std::vector<std::shared_ptr<Chunk>> chunks_;
  mutable std::vector<char> shared_;  // by chunk: a snapshot may hold it
  std::vector<OrganizationStatus> organizations_;
};

}  // namespace aka::model
