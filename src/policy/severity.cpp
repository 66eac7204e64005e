// The default severities. Entry point: usual_severity(). One table for judgement, for comparing
// policies and for the reports.
#include "policy/severity.h"

namespace aka::policy {

using model::FindingKind;
using model::Severity;

UsualSeverity usual_severity(FindingKind kind) {
  switch (kind) {
    case FindingKind::role_unexpected:
      return {Severity::warning, Severity::critical};
    case FindingKind::role_missing:
    case FindingKind::unmanaged_key:
      return {Severity::warning, Severity::warning};
    case FindingKind::description_mismatch:
      return {Severity::info, Severity::info};
    case FindingKind::role_forbidden:
    case FindingKind::public_key_changed:
    case FindingKind::private_key_exposed:
    case FindingKind::key_missing:
    case FindingKind::key_present:
      return {Severity::critical, Severity::critical};
  }
  return {Severity::critical, Severity::critical};
}

}  // namespace aka::policy
