// Facts derived from a key's status; nothing here is stored, so nothing can go stale.
#include "model/status.h"

#include <algorithm>

namespace aka::model {

Verdict verdict_of(const KeyStatus& status, base::SteadyTime now, base::Duration stale_after) {
  if (has_open_findings(status)) return Verdict::violation;
  if (status.evidence == Evidence::none || !status.judged_by_current_policy)
    return Verdict::unknown;
  return now - status.last_success_steady <= stale_after ? Verdict::compliant : Verdict::unknown;
}

std::optional<base::WallTime> drift_since(const KeyStatus& status) {
  std::optional<base::WallTime> earliest;
  if (status.findings == nullptr) return earliest;
  for (const Finding& finding : *status.findings) {
    if (!finding.waived && (!earliest || finding.since < *earliest)) earliest = finding.since;
  }
  return earliest;
}

bool has_open_findings(const KeyStatus& status) {
  return status.findings != nullptr &&
         std::ranges::any_of(*status.findings,
                             [](const Finding& finding) { return !finding.waived; });
}

}  // namespace aka::model
