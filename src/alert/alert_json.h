#pragma once

#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "base/clock.h"
#include "incident/alert.h"

namespace aka::alert {

/// Addresses that every alert may carry; empty: none.
struct AlertLinks {
  std::string external_url;  ///< where people reach the status page
  std::string runbooks;      ///< what "AtlasKeyDrift.md" is appended to
};

/// The page that says what to do about an alert; empty without one.
std::string runbook_of(const incident::Alert& alert, const AlertLinks& links);

/// An alert as Alertmanager's API has it. `ends_at` is left out if there is none.
nlohmann::ordered_json alert_json(const incident::Alert& alert,
                                  std::optional<base::WallTime> ends_at, const AlertLinks& links);

/// As UTF-8 whatever the texts hold.
std::string dump(const nlohmann::ordered_json& json);

}  // namespace aka::alert
