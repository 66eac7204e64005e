#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/role.h"

namespace aka::model {

enum class Severity { info, warning, critical };  // ordered: a later one is worse

enum class FindingKind {
  role_forbidden,
  role_unexpected,
  role_missing,
  description_mismatch,
  public_key_changed,
  private_key_exposed,
  key_missing,
  key_present,
  unmanaged_key,
};

inline constexpr std::array<FindingKind, 9> kFindingKinds{
    FindingKind::role_forbidden,     FindingKind::role_unexpected,
    FindingKind::role_missing,       FindingKind::description_mismatch,
    FindingKind::public_key_changed, FindingKind::private_key_exposed,
    FindingKind::key_missing,        FindingKind::key_present,
    FindingKind::unmanaged_key};

std::string_view to_string(Severity severity);
std::optional<Severity> parse_severity(std::string_view text);
std::string_view to_string(FindingKind kind);
std::optional<FindingKind> parse_finding_kind(std::string_view text);

/// One thing that is wrong with a key. Kind, role and project identify it over time; the rest may
/// change while it stays the same finding.
struct Finding {
  FindingKind kind = FindingKind::role_missing;
  Severity severity = Severity::info;
  std::string role;        ///< a role's or pattern's name; empty for kinds without one
  std::string project_id;  ///< 24 hex digits, `*`, `unknown` for a role of unknown scope, or empty
  std::string expected;    ///< for people; empty if there is nothing to say
  std::string actual;      ///< for people; never a secret
  base::WallTime since{};  ///< when a conclusive poll first saw it; survives while it is open
  bool waived = false;     ///< listed, not open
  bool widens = false;     ///< an unexpected role that gives more than the policy grants
  /// KeyStatus::conclusive_polls at the poll that first saw it.
  std::uint32_t first_poll = 0;

  friend bool operator==(const Finding&, const Finding&) = default;
};

/// Whether both speak of the same thing, whatever its severity and texts.
bool same_subject(const Finding& left, const Finding& right);

using Findings = std::vector<Finding>;

}  // namespace aka::model
