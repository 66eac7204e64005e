#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/roster.h"

namespace aka::policy {

/// In which way a configuration asks for less than the one before. Names are stable: people search
/// logs by them.
enum class WeakeningKind {
  role_allowed,          ///< a role, or a pattern of roles, that was a finding is none any more
  role_not_forbidden,    ///< what was forbidden is not, though it may still be unexpected
  role_not_required,     ///< what was a finding when missing is none any more
  check_dropped,         ///< roles, description or public key are not checked any more
  description_loosened,  ///< more texts fit than did, or nobody can say
  severity_lowered,      ///< of a kind of finding
  key_unwatched,         ///< the key is not listed any more
  absence_not_expected,  ///< a key that had to stay deleted may be there
  waiver_added,          ///< of a finding that was not forgiven
  waiver_extended,       ///< a finding is forgiven for longer
  interval_lengthened,   ///< a change goes unseen for longer
  stale_after_raised,    ///< a verdict may go without proof for longer
  confirm_raised,        ///< an alert waits for more polls
  discovery_off,         ///< keys that nobody listed are not reported any more
};

std::string_view to_string(WeakeningKind kind);

struct Weakening {
  WeakeningKind kind = WeakeningKind::role_allowed;
  model::OrganizationId organization_id;
  std::string organization;
  std::string key_id;  ///< empty for what concerns the organization, as is `key`
  std::string key;
  std::string detail;  ///< what was and what is, for people: "role_forbidden: critical, now info"

  friend bool operator==(const Weakening&, const Weakening&) = default;
};

/// What a configuration asks for, in so far as it can be more or less.
struct Demands {
  std::shared_ptr<const model::Roster> roster;  ///< null: not known; not to be compared
  int stale_after = 3;  ///< intervals until a verdict without proof is stale
  int confirm = 2;      ///< polls in a row until an alert fires
};

/// What `after` asks less for than `before`, key by key in the order of `before`; what only the new
/// one has is no weakening, and neither is a change that is stricter or merely other. Waivers that
/// are over at `now` do not count. Pure.
std::vector<Weakening> weakenings(const Demands& before, const Demands& after, base::WallTime now);

/// What one policy asks less for than another; their organization and key are empty.
std::vector<Weakening> weakenings(const model::Policy& before, const model::Policy& after);

}  // namespace aka::policy
