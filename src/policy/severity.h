#pragma once

#include "model/finding.h"

namespace aka::policy {

/// How bad a kind of finding is unless a policy says otherwise. The two differ for an unexpected
/// role alone, which is worse if it widens access.
struct UsualSeverity {
  model::Severity least;
  model::Severity most;
};

UsualSeverity usual_severity(model::FindingKind kind);

}  // namespace aka::policy
