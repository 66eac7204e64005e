#pragma once

#include <chrono>
#include <vector>

#include "app/configuration.h"
#include "audit/auditor.h"
#include "base/diagnostics.h"
#include "policy/compare.h"

namespace aka::app {

/// What happened, as log events. Names are stable: people search and alert by them.
/// Safe from any thread.

/// `state_changed` and one event per finding that changed; each poll as `poll` at debug.
void log_poll(const audit::PollReport& report);

/// Findings that changed without a poll.
void log_changes(const model::Organization& organization, const model::Key& key,
                 const policy::Advance& advance);

/// Unlisted keys as findings that opened and closed; a broken sweep as `discovery_failed`.
void log_page(const audit::PageReport& report);
void log_discovery(const model::Organization& organization,
                   const policy::DiscoveryAdvance& advance);

/// `credential_excess`, with what to do about it.
void log_credential(const audit::CredentialReport& report);

/// `config_loaded`, with what is watched and for how long polls stood still; one
/// `interval_stretched` for each organization whose rate limit cannot serve its interval.
void log_adopted(const Configuration& configuration, std::chrono::nanoseconds stood_still);

/// One `policy_weakened` for each way in which a reload asks for less.
void log_weakenings(const std::vector<policy::Weakening>& weakenings);

/// Level and format of all that is logged from now on.
void configure_log(const settings::LogSettings& settings);

/// One `config_problem` each.
void log_diagnostics(const base::Diagnostics& diagnostics);

}  // namespace aka::app
