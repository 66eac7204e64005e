// Names of kinds and severities, in one table each.
#include "model/finding.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace aka::model {
namespace {

constexpr std::array<std::pair<Severity, std::string_view>, 3> kSeverityNames{
    {{Severity::info, "info"}, {Severity::warning, "warning"}, {Severity::critical, "critical"}}};

}  // namespace

std::string_view to_string(Severity severity) {
  return kSeverityNames[static_cast<std::size_t>(severity)].second;
}

std::optional<Severity> parse_severity(std::string_view text) {
  for (const auto& [severity, name] : kSeverityNames) {
    if (name == text) return severity;
  }
  return std::nullopt;
}

std::string_view to_string(FindingKind kind) {
  switch (kind) {
    case FindingKind::role_forbidden:
      return "role_forbidden";
    case FindingKind::role_unexpected:
      return "role_unexpected";
    case FindingKind::role_missing:
      return "role_missing";
    case FindingKind::description_mismatch:
      return "description_mismatch";
    case FindingKind::public_key_changed:
      return "public_key_changed";
    case FindingKind::private_key_exposed:
      return "private_key_exposed";
    case FindingKind::key_missing:
      return "key_missing";
    case FindingKind::key_present:
      return "key_present";
    case FindingKind::unmanaged_key:
      return "unmanaged_key";
  }
  return "";
}

std::optional<FindingKind> parse_finding_kind(std::string_view text) {
  const auto found = std::ranges::find_if(
      kFindingKinds, [&](FindingKind kind) { return to_string(kind) == text; });
  return found == kFindingKinds.end() ? std::nullopt : std::optional(*found);
}

bool same_subject(const Finding& left, const Finding& right) {
  return std::tie(left.kind, left.role, left.project_id) ==
         std::tie(right.kind, right.role, right.project_id);
}

}  // namespace aka::model
