// Whether the key exists as expected: `key_missing`, and `key_present` for one that must stay
// deleted, with what it holds, since that is how bad it is.
#include <algorithm>

#include <fmt/format.h>

#include "policy/check_table.h"

namespace aka::policy {
namespace {

std::string describe(const model::KeyRecord& record) {
  std::vector<std::string> roles;
  roles.reserve(record.roles.size());
  for (const model::Role& role : record.roles) roles.push_back(model::to_string(role));
  std::ranges::sort(roles);
  roles.erase(std::unique(roles.begin(), roles.end()), roles.end());
  return shortened(
      fmt::format("'{}' with {}", shortened(record.description),
                  roles.empty() ? "no role" : fmt::format("{}", fmt::join(roles, ", "))));
}

}  // namespace

void check_presence(const Subject& subject, model::Findings& findings) {
  const bool expected = subject.key.expect == model::Expectation::present;
  if (expected == (subject.record != nullptr)) return;
  model::Finding finding;
  finding.kind = expected ? model::FindingKind::key_missing : model::FindingKind::key_present;
  finding.severity = model::Severity::critical;
  finding.expected = expected ? "the key" : "no such key";
  finding.actual = expected ? "no such key" : describe(*subject.record);
  findings.push_back(std::move(finding));
}

}  // namespace aka::policy
