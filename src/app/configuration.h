#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "alert/alerting_settings.h"
#include "atlas/auth_table.h"
#include "atlas/service.h"
#include "audit/auditor.h"
#include "base/clock.h"
#include "base/diagnostics.h"
#include "http/connection.h"
#include "http/resolver.h"
#include "report/explain.h"
#include "settings/load.h"
#include "settings/settings.h"
#include "web/security.h"

namespace aka::app {

using Credentials = std::map<std::string, std::shared_ptr<atlas::Credential>, std::less<>>;

/// A configuration that was read whole, with the secrets and certificates it names. Immutable.
struct Configuration {
  settings::Settings settings;
  std::shared_ptr<const model::Roster> roster;   ///< the whole
  std::shared_ptr<const model::Roster> watched;  ///< what this process watches of it
  Credentials credentials;
  std::shared_ptr<const http::TrustStore> trust;
  alert::AlertingSettings alerting;
  web::Protection protection;
  settings::Sources sources;  ///< its files as they were read
};

/// The one way in, for `check`, for starting and for reloading. Everything wrong with it is
/// reported; with an error among that there is no result.
std::optional<Configuration> load_configuration(const std::filesystem::path& path,
                                                const base::Clock& clock,
                                                base::Diagnostics& diagnostics);

/// What an organization's schedule asks of the service, and what comes of it.
report::OrganizationLoad load_of(const model::Organization& organization,
                                 const settings::Settings& settings);

/// How to reach the service for an organization. Keeps alive what it needs but for the resolver
/// and the clock.
audit::ClientFactory client_factory(const Configuration& configuration, http::Resolver& resolver,
                                    const base::Clock& clock);

audit::Plan plan_for(const Configuration& configuration, http::Resolver& resolver,
                     const base::Clock& clock);

/// Gives live tokens back, best effort, within `patience` in all.
void revoke(const Credentials& credentials, const Configuration& configuration,
            http::Resolver& resolver, const base::Clock& clock, std::chrono::milliseconds patience);

}  // namespace aka::app
