#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/duration.h"
#include "model/finding.h"
#include "model/ids.h"
#include "model/policy.h"

namespace aka::model {

/// Forgives one finding until an instant.
struct Waiver {
  FindingKind kind = FindingKind::role_forbidden;
  std::string role;        ///< exact name; empty for kinds without one
  std::string project_id;  ///< as Finding::project_id
  std::string actual;      ///< for description_mismatch and public_key_changed: the text forgiven
  base::WallTime until{};  ///< the instant at which it lapses
  std::string reason;
  std::string ticket;  ///< may be empty
};

/// What a waiver does at an instant: the first of these that applies. A metric's label.
enum class WaiverState {
  expired,   ///< its instant has come
  unused,    ///< a conclusive poll, judged by the current policy, found nothing it binds
  expiring,  ///< lapses within 7 days
  active,
};

inline constexpr std::array<WaiverState, 4> kWaiverStates{
    WaiverState::expired, WaiverState::unused, WaiverState::expiring, WaiverState::active};

std::string_view to_string(WaiverState state);

enum class Expectation : std::uint8_t { present, absent };

/// A key as configured. 100,000 of these must stay small: policies and owners are shared.
struct Key {
  KeyId id;
  Expectation expect = Expectation::present;  ///< here it takes no room
  std::string name;                           ///< the id, if none was given
  std::shared_ptr<const Policy> policy;       ///< null exactly if expected absent
  std::shared_ptr<const std::string> owner;   ///< never null; the organization's by default
  std::string public_key;                     ///< empty: not checked
  std::shared_ptr<const std::vector<Waiver>> waivers;  ///< null: none
};

enum class Fetch { per_key, list };

struct Organization {
  OrganizationId id;
  std::string name;
  std::string credential;  ///< names one of the configured credentials
  base::Duration interval{};
  Fetch fetch = Fetch::per_key;
  bool discover = false;
  std::shared_ptr<const std::string> owner;  ///< never null
  std::vector<Key> keys;                     ///< in configuration order
  std::size_t first_key = 0;                 ///< index of keys[0] among all keys of the roster
};

/// Whom and what to watch: one immutable value per loaded configuration.
struct Roster {
  std::vector<Organization> organizations;  ///< in configuration order
  std::size_t key_count = 0;
};

}  // namespace aka::model
