#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/section.h"

namespace aka::alert {

/// Reads a list of mappings that each need a `name`, unique in the list. `read` takes the other
/// settings of each, and its name if that is usable; the rest is reported here. `what` names one of
/// them in messages: "webhook".
void read_named_receivers(const base::Section& list, std::string_view what,
                          base::Diagnostics& diagnostics,
                          const std::function<void(base::Fields&, const std::string& name)>& read);

}  // namespace aka::alert
