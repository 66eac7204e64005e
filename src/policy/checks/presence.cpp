// Whether the key exists as expected: `key_missing`, and `key_present` for one that must stay
// deleted, with what it holds, since that is how bad it is.
#include "policy/check_table.h"

namespace aka::policy {

void check_presence(const Subject& subject, model::Findings& findings) {
  const bool expected = subject.key.expect == model::Expectation::present;
  if (expected == (subject.record != nullptr)) return;
  model::Finding finding;
  finding.kind = expected ? model::FindingKind::key_missing : model::FindingKind::key_present;
  finding.expected = expected ? "the key" : "no such key";
  finding.actual = expected ? "no such key" : described(*subject.record);
  findings.push_back(std::move(finding));
}

}  // namespace aka::policy
