// `private_key_exposed`: the service showed the private key in full to a reader. It concerns every
// key, whatever its policy. The value itself was dropped where the answer was read.
#include "policy/check_table.h"

namespace aka::policy {

void check_private_key(const Subject& subject, model::Findings& findings) {
  if (subject.record == nullptr || !subject.record->private_key_exposed) return;
  model::Finding finding;
  finding.kind = model::FindingKind::private_key_exposed;
  finding.expected = "a redacted private key";
  finding.actual = "the private key in full";
  findings.push_back(std::move(finding));
}

}  // namespace aka::policy
