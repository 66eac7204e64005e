#pragma once

#include <span>
#include <string>
#include <string_view>

#include "model/finding.h"
#include "model/observation.h"
#include "model/roster.h"

namespace aka::policy {

/// What a check looks at: a key as configured, and what the service says of it.
struct Subject {
  const model::Key& key;
  const model::KeyRecord* record;  ///< null: the service says that there is no such key
};

/// Appends what is wrong; judge() adds severities and the rest. A check is silent about
/// what the policy does not ask for. Pure.
using Check = void (*)(const Subject& subject, model::Findings& findings);

/// All of them. A new one is a file in checks/ and a row in check_table.cpp.
std::span<const Check> checks();

/// A text from outside for a finding's `actual`: what is longer than 250 characters, the most that
/// Atlas gives a description, is cut, and its length told; what has the form of a secret is masked.
/// Control characters stay; whoever prints it deals with them.
std::string shortened(std::string_view text);

/// A key in one line: its description and roles, shortened.
std::string described(const model::KeyRecord& record);

}  // namespace aka::policy
