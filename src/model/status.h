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

/// Polls in a row that said the same, counted up to a limit above what any configuration asks for.
struct Streaks {
  static constexpr std::uint16_t kMost = 2000;

  std::uint16_t not_found = 0;    ///< in that state; polls that cannot tell are skipped
  std::uint16_t org_missing = 0;  ///< those of them that said so of the whole organization
  std::uint16_t found = kMost;    ///< conclusive, with a record, since the key was last not found
  std::uint16_t gone = kMost;     ///< conclusive, without a record, since the key was last there
  std::uint16_t forbidden = 0;    ///< since the last conclusive one, as is `unauthorized`
  std::uint16_t unauthorized = 0;
  std::uint16_t failed = 0;  ///< polls since the last conclusive one

  friend bool operator==(const Streaks&, const Streaks&) = default;
};

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
  base::WallTime watched_since{};  ///< when it was first configured; kept over restarts
  base::SteadyTime watched_since_steady{};
  base::SteadyTime trouble_since{};    ///< the first of the failed polls in a row; if there are any
  std::uint32_t conclusive_polls = 0;  ///< so far
  Streaks streaks;
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
