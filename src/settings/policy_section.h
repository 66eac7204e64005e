#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/section.h"
#include "model/policy.h"

namespace aka::settings {

/// "ROLE", "ROLE@<project id>" or "ROLE@*", in whose name `*` is a wildcard.
base::Result<model::RolePattern> parse_role_pattern(std::string_view text);

/// One policy; `name` is empty for one written in place. Problems are reported.
std::shared_ptr<const model::Policy> read_policy(const base::Section& section, std::string name,
                                                 base::Diagnostics& diagnostics);

/// The configured policies by name.
class PolicyTable {
 public:
  /// Adds the `policies` mapping of one file.
  void add(const base::Section& policies, base::Diagnostics& diagnostics);

  /// nullptr if there is none. Counts as a use.
  std::shared_ptr<const model::Policy> find(const std::string& name);
  std::vector<std::string> names() const;
  /// The name most like this one.
  std::optional<std::string> nearest(std::string_view name) const;
  void warn_of_unused(base::Diagnostics& diagnostics) const;

 private:
  struct Row {
    std::shared_ptr<const model::Policy> policy;
    base::Mark mark;
    bool used = false;
  };
  std::map<std::string, Row> rows_;
};

/// "file:line:column", for messages that point elsewhere.
std::string place(const base::Mark& mark);

}  // namespace aka::settings
