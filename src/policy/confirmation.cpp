// How often something must be seen before it counts, and when an organization as a whole is out of
// reach. Counts come with the status (advance.cpp); here they are read.
#include "policy/confirmation.h"

#include <algorithm>

namespace aka::policy {

using model::FindingKind;

bool counts_at_once(const model::Finding& finding) {
  switch (finding.kind) {
    case FindingKind::role_forbidden:
    case FindingKind::public_key_changed:
    case FindingKind::private_key_exposed:
    case FindingKind::key_present:
      return true;
    case FindingKind::role_unexpected:
      return finding.widens;
    case FindingKind::role_missing:
    case FindingKind::description_mismatch:
    case FindingKind::key_missing:
    case FindingKind::unmanaged_key:
      return false;
  }
  return false;
}

std::uint32_t times_seen(const model::KeyStatus& status, const model::Finding& finding) {
  return status.conclusive_polls - finding.first_poll + 1;
}

bool awaits_repeat(const model::KeyStatus& status, const model::Key& key, int confirm) {
  const auto needed = static_cast<std::uint32_t>(confirm);
  const model::Streaks& streaks = status.streaks;
  const auto begun = [needed](std::uint32_t count) { return count > 0 && count < needed; };
  if (begun(streaks.forbidden) || begun(streaks.unauthorized)) return true;
  if (key.expect == model::Expectation::absent) {
    return status.evidence == model::Evidence::missing && streaks.gone < needed;
  }
  if (begun(streaks.not_found) || streaks.found < needed) return true;
  return status.findings != nullptr &&
         std::ranges::any_of(*status.findings, [&](const model::Finding& finding) {
           return !finding.waived && !counts_at_once(finding) &&
                  times_seen(status, finding) < needed;
         });
}

bool is_out_of_reach(const model::Organization& organization,
                     const model::OrganizationStatus& status, base::SteadyTime now) {
  constexpr std::uint32_t kAsked = 2;
  return organization.keys.size() > 1 && status.failed_polls >= kAsked &&
         now - std::max(status.last_conclusive, status.watched_since) >= status.effective_interval;
}

}  // namespace aka::policy
