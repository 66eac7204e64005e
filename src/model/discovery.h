#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "model/finding.h"
#include "model/ids.h"
#include "model/role.h"

namespace aka::model {

/// Whose key an unlisted one is; the daemon's own is known by its public key.
enum class KeyOwner { somebody, daemon };

/// A key of an organization that its configuration does not list.
struct UnmanagedKey {
  KeyId id;
  std::string description;  ///< shortened; empty if it has none
  std::string public_key;
  std::vector<Role> roles;  ///< a set: sorted, without repeats
  KeyOwner owner = KeyOwner::somebody;
  int absences = 0;  ///< complete sweeps in a row that lacked it
  int presences =
      0;  ///< complete sweeps in a row that met it; counted to the most that can be asked for
  Finding finding;  ///< its `since` is when a page first showed it

  friend bool operator==(const UnmanagedKey&, const UnmanagedKey&) = default;
};

/// What the sweeps through an organization's list of keys found.
struct Discovery {
  std::vector<UnmanagedKey> unmanaged;  ///< sorted by id
  base::WallTime last_complete{};       ///< when a sweep last reached the end; the epoch: never
  std::string failure;  ///< why the last sweep did not, for people; empty if it did, or goes on

  friend bool operator==(const Discovery&, const Discovery&) = default;
};

}  // namespace aka::model
