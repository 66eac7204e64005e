// From a path to everything a plan needs. Entry point: load_configuration(). Each folder reads its
// own part of the tree; here the parts meet, and secrets and certificates are read.
#include "app/configuration.h"

#include <utility>

#include "alert/sink_factory.h"
#include "app/store_access.h"
#include "app/version.h"
#include "app/web_protection.h"
#include "atlas/client.h"

namespace aka::app {
namespace {

atlas::ApiFlavour flavour_of(settings::Api api) {
  switch (api) {
    case settings::Api::v1_0:
      return atlas::ApiFlavour::v1_0;
    case settings::Api::v2:
      return atlas::ApiFlavour::v2;
    case settings::Api::public_v1_0:
      return atlas::ApiFlavour::public_v1_0;
  }
  return atlas::ApiFlavour::v1_0;
}

std::shared_ptr<const atlas::Service> service_of(const settings::AtlasSettings& settings) {
  return std::make_shared<const atlas::Service>(
      atlas::Service{settings.base_url.target, flavour_of(settings.api)});
}

http::ConnectionOptions connection_options(const Configuration& configuration) {
  return {configuration.trust, configuration.settings.atlas.proxy, user_agent()};
}

Credentials read_credentials(const settings::Settings& settings, base::Diagnostics& diagnostics) {
  Credentials credentials;
  for (const settings::CredentialSettings& one : settings.credentials) {
    credentials.emplace(one.name, atlas::parse_credential(one.section, one.name, diagnostics));
  }
  return credentials;
}

std::shared_ptr<const http::TrustStore> read_trust(const settings::AtlasSettings& settings,
                                                   base::Diagnostics& diagnostics) {
  const auto file = settings.ca_file.empty() ? std::nullopt : std::optional(settings.ca_file);
  auto trust = http::TrustStore::load(file);
  if (trust) return *std::move(trust);
  diagnostics.error(settings.ca_file_mark, trust.error().message);
  return nullptr;
}

}  // namespace

std::optional<Configuration> load_configuration(const std::filesystem::path& path,
                                                const base::Clock& clock,
                                                base::Diagnostics& diagnostics) {
  Configuration configuration;
  configuration.sources = settings::read_sources(path, diagnostics);
  configuration.settings = settings::load(configuration.sources, path, clock.wall(), diagnostics);
  configuration.credentials = read_credentials(configuration.settings, diagnostics);
  configuration.trust = read_trust(configuration.settings.atlas, diagnostics);
  check_store(configuration.settings.store, diagnostics);
  if (configuration.settings.alerting) {
    configuration.alerting = alert::read_alerting(*configuration.settings.alerting, diagnostics);
    alert::check_receivers(configuration.alerting, diagnostics);
  }
  configuration.protection = read_protection(configuration.settings.web.config_file, diagnostics);
  if (diagnostics.has_errors()) return std::nullopt;
  configuration.roster =
      std::make_shared<const model::Roster>(std::move(configuration.settings.roster));
  configuration.watched = configuration.roster;
  return configuration;
}

report::OrganizationLoad load_of(const model::Organization& organization,
                                 const settings::Settings& settings) {
  const int per_minute = settings.atlas.rate_limit.per_minute;
  report::OrganizationLoad load;
  load.per_minute = per_minute;
  const audit::Demand demand =
      audit::demand_of(organization, settings.schedule.recheck, per_minute);
  load.requests = demand.per_minute(organization.interval);
  load.effective_interval = audit::effective_interval(organization.interval, demand, per_minute);
  load.shortest_interval = audit::effective_interval({}, demand, per_minute);
  load.detection_bound = audit::detection_bound(load.effective_interval, settings.schedule.jitter,
                                                settings.atlas.timeout, demand);
  load.jitter = settings.schedule.jitter;
  load.timeout = settings.atlas.timeout;
  load.timeouts = demand.series;
  load.recheck =
      audit::effective_recheck(settings.schedule.recheck, organization.keys.size(), per_minute);
  return load;
}

/// For those who are copied for each organization: a map each would be one entry for each pair.
std::shared_ptr<const Credentials> shared(const Configuration& configuration) {
  return std::make_shared<const Credentials>(configuration.credentials);
}

audit::ClientFactory client_factory(const Configuration& configuration, http::Resolver& resolver,
                                    const base::Clock& clock) {
  return [service = service_of(configuration.settings.atlas), credentials = shared(configuration),
          origin = configuration.settings.atlas.base_url.origin,
          options = connection_options(configuration), &resolver,
          &clock](const model::Organization& organization) {
    return std::make_unique<atlas::Client>(service,
                                           credentials->find(organization.credential)->second,
                                           http::connect_to(origin, options, resolver), clock);
  };
}

audit::Plan plan_for(const Configuration& configuration, http::Resolver& resolver,
                     const base::Clock& clock) {
  const settings::Settings& settings = configuration.settings;
  audit::Plan plan;
  plan.roster = configuration.watched;
  plan.stale_after = settings.schedule.stale_after;
  plan.polls = {settings.atlas.timeout,
                settings.schedule.jitter,
                settings.atlas.connections,
                settings.atlas.rate_limit.burst,
                settings.atlas.rate_limit.per_minute,
                settings.schedule.confirm,
                settings.schedule.recheck};
  plan.credential = [credentials = shared(configuration),
                     api = settings.atlas.api](const model::Organization& organization) {
    const std::string key = credentials->find(organization.credential)->second->public_key();
    return audit::CredentialFacts{key, !key.empty() && api != settings::Api::public_v1_0};
  };
  plan.connect = client_factory(configuration, resolver, clock);
  return plan;
}

void revoke(const Credentials& credentials, const Configuration& configuration,
            http::Resolver& resolver, const base::Clock& clock,
            std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  const auto service = service_of(configuration.settings.atlas);
  const base::StopSignal never;
  for (const auto& [name, credential] : credentials) {
    atlas::Client client(service, credential,
                         http::connect_to(configuration.settings.atlas.base_url.origin,
                                          connection_options(configuration), resolver),
                         clock);
    client.sign_out({deadline, never});
  }
}

}  // namespace aka::app
