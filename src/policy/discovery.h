#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/discovery.h"
#include "model/observation.h"
#include "model/roster.h"
#include "policy/advance.h"

namespace aka::policy {

/// Which keys of an organization need no discovery, and how to know the daemon's own.
class KnownKeys {
 public:
  /// `own_public_key` is empty if the daemon asks with no API key.
  KnownKeys(const model::Organization& organization, std::string own_public_key);

  bool lists(model::KeyId id) const;
  model::KeyOwner owner_of(const model::KeyRecord& record) const;

 private:
  std::vector<model::KeyId> listed_;  // sorted
  std::string own_public_key_;
};

/// One walk through the pages of the list, so far: the unlisted keys that it met, sorted.
struct Sweep {
  std::vector<model::KeyId> met;
};

/// A step of what is known of unlisted keys, and what a log would say of it.
struct DiscoveryAdvance {
  std::shared_ptr<const model::Discovery> after;
  std::vector<Change> changes;     ///< opened or closed, by key id
  std::vector<model::KeyId> keys;  ///< parallel to changes
};

/// A page came: an unlisted key on it that was not known opens a finding at once, one that was
/// known keeps its `since`. `before` is null before the first page. Pure, as all below.
DiscoveryAdvance meet(const std::shared_ptr<const model::Discovery>& before, Sweep& sweep,
                      const std::vector<model::KeyRecord>& page, const KnownKeys& known,
                      base::WallTime now);

/// The sweep reached the end of the list. A key closes once two sweeps in a row lacked it: keys
/// that come and go move others from page to page, so that one sweep can miss a key that is there.
DiscoveryAdvance complete(const std::shared_ptr<const model::Discovery>& before, const Sweep& sweep,
                          base::WallTime now);

/// The sweep stopped half way, which proves nothing about the rest: nothing closes.
DiscoveryAdvance break_off(const std::shared_ptr<const model::Discovery>& before,
                           std::string failure);

/// The same organization in a new configuration: what that lists is closed, all if it no longer
/// asks for discovery.
DiscoveryAdvance carry_over(const std::shared_ptr<const model::Discovery>& before,
                            const model::Organization& organization);

/// Whether one more sweep would close a key that the last one lacked, or confirm one that fewer
/// than `confirm` have met.
bool awaits_confirmation(const model::Discovery& discovery, int confirm);

}  // namespace aka::policy
