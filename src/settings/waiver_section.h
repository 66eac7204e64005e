#pragma once

#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/section.h"
#include "model/roster.h"

namespace aka::settings {

/// The `waivers` list of a key; null if it holds none. Problems are reported; an expired waiver is
/// a warning. `now` judges their ends.
std::shared_ptr<const std::vector<model::Waiver>> read_waivers(const base::Section& list,
                                                               base::WallTime now,
                                                               base::Diagnostics& diagnostics);

}  // namespace aka::settings
