#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/duration.h"
#include "model/finding.h"
#include "model/observation.h"

namespace aka::model {

/// What the last conclusive poll met.
enum class Evidence : std::uint8_t { none, record, missing };

/// What is known of one key: the last poll, and the verdict of the last conclusive one, which
/// only another conclusive poll changes. Small, and cheap to copy.
struct KeyStatus {
  State state = State::pending;
  Reason reason = Reason::none;
  std::int16_t http_status = 0;  ///< of the last poll; 0: no answer, or not polled
  Evidence evidence = Evidence::none;
  /// False once the policy changed after the last conclusive poll: findings are held, but the
  /// absence of findings proves nothing any more.
  bool judged_by_current_policy = false;
  base::WallTime last_poll{};     ///< the epoch: never
  base::WallTime last_success{};  ///< of the last conclusive poll; the epoch: never
  base::SteadyTime last_success_steady{};
  std::shared_ptr<const Findings> findings;    ///< null: none. Open and waived ones.
  std::shared_ptr<const std::string> message;  ///< of the last failed poll; null otherwise
};

/// The three answers to "is this key as it should be?".
enum class Verdict { unknown, compliant, violation };

/// `violation` holds until a conclusive poll disproves it; `compliant` only as long as the last
/// conclusive poll is not older than `stale_after` at `now`.
Verdict verdict_of(const KeyStatus& status, base::SteadyTime now, base::Duration stale_after);

/// The earliest `since` of the open findings.
std::optional<base::WallTime> drift_since(const KeyStatus& status);

bool has_open_findings(const KeyStatus& status);

}  // namespace aka::model
