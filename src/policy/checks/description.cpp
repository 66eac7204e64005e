// `description_mismatch`: the description against an exact text or an expression. A key without a
// description has an empty one.
#include <fmt/format.h>

#include "policy/check_table.h"

namespace aka::policy {
namespace {

bool fits(const model::DescriptionRule& rule, const std::string& description) {
  if (const auto* exact = std::get_if<std::string>(&rule)) return description == *exact;
  return std::get<base::TextPattern>(rule).matches(description);
}

/// As a policy writes it.
std::string describe(const model::DescriptionRule& rule) {
  if (const auto* exact = std::get_if<std::string>(&rule)) return *exact;
  return fmt::format("{{regex: '{}'}}", std::get<base::TextPattern>(rule).expression());
}

}  // namespace

void check_description(const Subject& subject, model::Findings& findings) {
  if (subject.record == nullptr || subject.key.policy == nullptr) return;
  const auto& rule = subject.key.policy->description;
  if (!rule || fits(*rule, subject.record->description)) return;
  model::Finding finding;
  finding.kind = model::FindingKind::description_mismatch;
  finding.expected = shortened(describe(*rule));
  finding.actual = shortened(subject.record->description);
  findings.push_back(std::move(finding));
}

}  // namespace aka::policy
