// `public_key_changed`: another public key stands under the configured id.
#include "policy/check_table.h"

namespace aka::policy {

void check_public_key(const Subject& subject, model::Findings& findings) {
  if (subject.record == nullptr || subject.key.public_key.empty()) return;
  // Atlas leaves out what is empty: that is no other key.
  const std::string& actual = subject.record->public_key;
  if (actual.empty() || actual == subject.key.public_key) return;
  model::Finding finding;
  finding.kind = model::FindingKind::public_key_changed;
  finding.expected = subject.key.public_key;
  finding.actual = shortened(actual);
  findings.push_back(std::move(finding));
}

}  // namespace aka::policy
