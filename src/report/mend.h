#pragma once

#include <string>
#include <vector>

#include "report/keys.h"

namespace aka::report {

/// Something to do about a key.
struct Step {
  std::string advice;   ///< a sentence
  std::string command;  ///< of the Atlas CLI, to be pasted into a shell; empty if there is none

  friend bool operator==(const Step&, const Step&) = default;
};

/// How to close the open findings of a key. A command holds nothing that came from the service but
/// ids; what a person must decide stands in it as '<…>'.
std::vector<Step> mend(const KeyView& view);

}  // namespace aka::report
