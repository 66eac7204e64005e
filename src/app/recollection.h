#pragma once

#include <memory>
#include <optional>
#include <string>

#include "app/configuration.h"
#include "app/recent_polls.h"
#include "audit/auditor.h"
#include "base/clock.h"
#include "incident/conditions.h"
#include "ledger/ledger.h"
#include "policy/compare.h"

namespace aka::app {

/// The files of a configuration as the store keeps them.
struct ConfigurationText {
  std::string text;
  std::string sha256;
};

/// Takes the files out of the configuration: they are big, and needed once.
ConfigurationText take_text(Configuration& configuration);

/// What a configuration asks for.
policy::Demands demands_of(const Configuration& configuration);

/// What the one with this text asked for; nothing if this version cannot read it.
std::optional<policy::Demands> demands_in(const std::string& text, base::WallTime now);

/// The statuses of the keys of `roster`, as an earlier run left them. `polled`: when they were
/// polled since, as far as that is known.
audit::Memory memory_of(const std::shared_ptr<const model::Roster>& roster,
                        const ledger::Remembered& remembered, const RecentPolls::Times& polled,
                        const incident::Now& now);

}  // namespace aka::app
