#pragma once

#include <array>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/text_pattern.h"
#include "model/finding.h"
#include "model/role.h"

namespace aka::model {

/// What the description must be: an exact text, or an expression that the whole text fits.
using DescriptionRule = std::variant<std::string, base::TextPattern>;

/// Which roles a key may hold. A role that nothing here names is unexpected.
/// `exact: [A, B]` is `required: [A, B]` with nothing else allowed.
struct RoleRules {
  std::vector<RolePattern> required;   ///< at least one role must match each
  std::vector<RolePattern> allowed;    ///< may be there
  std::vector<RolePattern> forbidden;  ///< beats allowed and required
  bool exact = false;                  ///< how it was written, for messages
};

/// What is expected of a key. Immutable and shared by the keys that name it.
struct Policy {
  std::string name;                            ///< empty for one written in place
  std::optional<DescriptionRule> description;  ///< nothing: not checked
  std::optional<RoleRules> roles;              ///< nothing: not checked
  std::array<std::optional<Severity>, kFindingKinds.size()> severity;  ///< overrides, by kind

  std::optional<Severity> severity_of(FindingKind kind) const {
    return severity[static_cast<std::size_t>(kind)];
  }
};

}  // namespace aka::model
