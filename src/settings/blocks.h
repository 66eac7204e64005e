#pragma once

#include <vector>

#include "base/section.h"
#include "settings/settings.h"

namespace aka::settings {

// Each reads one block of the configuration; a null section, a block left out, gives the defaults.
// Problems are reported.

AtlasSettings read_atlas(const base::Section& section, base::Diagnostics& diagnostics);
ScheduleSettings read_schedule(const base::Section& section, base::Diagnostics& diagnostics);
WebSettings read_web(const base::Section& section, base::Diagnostics& diagnostics);
StoreSettings read_store(const base::Section& section, base::Diagnostics& diagnostics);
LogSettings read_log(const base::Section& section, base::Diagnostics& diagnostics);

}  // namespace aka::settings
