// Judgement of one key: runs every check of the table, then gives the findings what they share:
// the severities, the instant, the waivers, and one order.
#include "policy/judge.h"

#include <algorithm>
#include <tuple>

#include "policy/check_table.h"
#include "policy/severity.h"
#include "policy/waivers.h"

namespace aka::policy {

namespace {

model::Severity severity_of(const model::Finding& finding, const model::Policy* policy) {
  const UsualSeverity usual = usual_severity(finding.kind);
  const model::Severity severity = finding.widens ? usual.most : usual.least;
  return policy == nullptr ? severity : policy->severity_of(finding.kind).value_or(severity);
}

}  // namespace

bool sorts_before(const model::Finding& left, const model::Finding& right) {
  return std::tie(left.kind, left.role, left.project_id) <
         std::tie(right.kind, right.role, right.project_id);
}

model::Findings judge(const model::Key& key, const model::KeyRecord* record, base::WallTime now) {
  model::Findings findings;
  for (const Check check : checks()) check({key, record}, findings);

  std::ranges::stable_sort(findings, sorts_before);
  findings.erase(std::unique(findings.begin(), findings.end(), model::same_subject),
                 findings.end());

  for (model::Finding& finding : findings) {
    finding.severity = severity_of(finding, key.policy.get());
    finding.since = now;
    finding.waived = is_waived(finding, key, now);
  }
  return findings;
}

}  // namespace aka::policy
