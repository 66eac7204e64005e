#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "incident/alert.h"
#include "model/roster.h"
#include "model/snapshot.h"
#include "model/status.h"

namespace aka::incident {

enum class Phase {
  firing,  ///< there is an alert, or there is one from now on
  held,    ///< an alert that fires goes on; none begins: not confirmed yet, or not disproved yet
  ended,   ///< the configuration ends it, even where silence proves nothing
};

/// Something to alert on, as far as it is known. What is in no condition any more is disproved.
struct Condition {
  Alert alert;  ///< `starts_at` is set by the book
  Phase phase = Phase::firing;
};

/// What conditions depend on beside the statuses.
struct Terms {
  int confirm = 2;      ///< polls in a row
  int stale_after = 3;  ///< intervals without a conclusive poll
  Labels labels;        ///< of every alert
  /// When the process began: a key that nobody asked for is stale from then on at the earliest.
  /// Unset: only polls that failed make stale.
  std::optional<base::SteadyTime> began = {};
};

struct Now {
  base::WallTime wall{};
  base::SteadyTime steady{};
};

/// Whether conditions that are held or ended are listed: they matter only where something fires.
enum class Held { listed, left_out };

/// Of one key: its findings, its access, its age, its waivers. Only those that fire have texts.
/// Pure, as all below.
std::vector<Condition> conditions_of(const model::Organization& organization, const model::Key& key,
                                     const model::KeyStatus& status,
                                     const model::OrganizationStatus& of, const Terms& terms,
                                     const Now& now, Held held = Held::listed);

/// The most alerts of a key's findings; the rest is one alert of kind `more`.
inline constexpr std::size_t kMostDrifts = 64;

/// Puts one condition in the place of all drifts past kMostDrifts, as severe as the worst of them.
/// Those that fire by themselves already stay, then the confirmed ones come first.
void fold_rest(std::vector<Condition>& conditions,
               const std::function<bool(const Labels&)>& fires_already);

/// Of an organization as a whole: out of reach, unlisted keys.
std::vector<Condition> conditions_of(const model::Organization& organization,
                                     const model::OrganizationStatus& status, const Terms& terms);

/// A load of a configuration that asked for less than the one before.
struct Weakened {
  base::SteadyTime at{};
  std::string what;  ///< for people
};

/// What the daemon knows of itself.
struct DaemonFacts {
  std::optional<Weakened> weakened;  ///< the last such load
  std::string journal_failure;       ///< of the last commit; empty: it did not fail
  /// Receivers that let a due notification wait for five minutes, until their outbox is empty.
  std::vector<std::string> failing_sinks;
};

/// For 24 hours after a load that weakened.
inline constexpr base::Duration kWeakenedFor = std::chrono::hours(24);

std::vector<Condition> conditions_of(const DaemonFacts& facts, const Terms& terms, const Now& now);

/// From when on a key without a conclusive poll is stale.
base::Duration stale_limit(const model::OrganizationStatus& of, const Terms& terms);

/// Whether time alone, or what becomes known of the organization, can change the conditions of the
/// key: so that a look at all keys every second stays cheap. `stale_before`: what was last proven
/// before is stale.
bool depends_on_time(const model::Key& key, const model::KeyStatus& status,
                     base::SteadyTime stale_before);

/// Those of conditions_of() that do, without the ones that are held. For reconciling with
/// Silence::proves_nothing: time ends nothing but what is about the configuration alone.
std::vector<Condition> conditions_by_time(const model::Organization& organization,
                                          const model::Key& key, const model::KeyStatus& status,
                                          const model::OrganizationStatus& of, const Terms& terms,
                                          const Now& now);

}  // namespace aka::incident
