#pragma once

#include <vector>

#include "model/role.h"

namespace aka::policy {

/// The roles of the daemon's own key that it does not need: those that neither Organization Member
/// nor Organization Read Only implies. Reading an organization's keys takes one of these. Pure.
std::vector<model::Role> excess_of(const std::vector<model::Role>& roles);

}  // namespace aka::policy
