// How often something must be seen before it counts, and when an organization as a whole is out of
// reach. Counts come with the status (advance.cpp); here they are read.
#include "policy/confirmation.h"

#include <algorithm>

namespace aka::policy {

using model::FindingKind;

namespace {

/// Instants before the machine's start are negative, so that the epoch can stand for never.
bool is_never(base::SteadyTime time) { return time == base::SteadyTime{}; }

bool counted_in_outage(const model::KeyStatus& status, const model::OrganizationStatus& of) {
  return status.streaks.failed > 0 && !is_never(of.reachable_since) &&
         status.trouble_since < of.reachable_since;
}

}  // namespace

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
  if (begun(streaks.not_found) || begun(streaks.found)) return true;
  return status.findings != nullptr &&
         std::ranges::any_of(*status.findings, [&](const model::Finding& finding) {
           return !finding.waived && !counts_at_once(finding) &&
                  times_seen(status, finding) < needed;
         });
}

bool may_be_outage(const model::Organization& organization, const model::OrganizationStatus& of,
                   const model::KeyStatus& status) {
  if (organization.keys.size() < 2) return false;
  return of.unreachable || is_never(of.last_conclusive) ||
         of.last_conclusive <= status.trouble_since || counted_in_outage(status, of);
}

void forget_outage(model::KeyStatus& status, const model::OrganizationStatus& of) {
  if (!counted_in_outage(status, of)) return;
  model::Streaks& streaks = status.streaks;
  streaks.failed = streaks.forbidden = streaks.unauthorized = 0;
  streaks.not_found = static_cast<std::uint16_t>(streaks.not_found - streaks.org_missing);
  streaks.org_missing = 0;
}

void note_poll(model::OrganizationStatus& status, const model::Observation& observation) {
  if (!model::is_conclusive(observation)) {
    if (status.failed_polls++ == 0) status.failing_since = observation.steady;
    return;
  }
  status.failed_polls = 0;
  status.last_conclusive = observation.steady;
  if (status.unreachable) status.reachable_since = observation.steady;
  status.unreachable = false;
}

bool is_out_of_reach(const model::Organization& organization,
                     const model::OrganizationStatus& status, base::SteadyTime now) {
  constexpr std::uint32_t kAsked = 2;
  const base::SteadyTime since = is_never(status.last_conclusive)
                                     ? status.watched_since
                                     : std::max(status.last_conclusive, status.watched_since);
  if (organization.keys.size() < 2 || status.failed_polls == 0) return false;
  const base::Duration interval = status.effective_interval;
  return now - since >= interval &&
         (status.failed_polls >= kAsked || now - status.failing_since >= interval);
}

}  // namespace aka::policy
