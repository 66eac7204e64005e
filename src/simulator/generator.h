#pragma once

#include <cstddef>
#include <vector>

#include "simulator/records.h"

namespace aka::simulator {

/// How many of each to make.
struct GeneratorOptions {
  std::size_t keys = 100;  ///< in all, spread evenly
  std::size_t organizations = 1;
};

/// The same organizations for the same options, on any machine. Each has five projects, its share
/// of the keys with roles as they occur in practice, one more key that can log in (ORG_READ_ONLY),
/// and a service account.
std::vector<Organization> generate(const GeneratorOptions& options);

}  // namespace aka::simulator
