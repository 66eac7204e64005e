// What a store holds of an earlier run, read back into values: the configuration it was journaled
// with, and the statuses of its keys. Entry points: demands_in(), memory_of().
#include "app/recollection.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "journal/chain.h"

namespace aka::app {
namespace {

std::string joined(const settings::Sources& sources) {
  nlohmann::json files = nlohmann::json::array();
  for (const settings::Source& source : sources) {
    files.push_back({{"path", source.path}, {"text", source.text.value_or("")}});
  }
  return files.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

settings::Sources sources_of(const std::string& text) try {
  settings::Sources sources;
  for (const nlohmann::json& file : nlohmann::json::parse(text)) {
    sources.push_back({file.at("path").get<std::string>(), file.at("text").get<std::string>()});
  }
  return sources;
} catch (const std::exception&) {
  return {};
}

policy::Demands demands_of(std::shared_ptr<const model::Roster> roster,
                           const settings::ScheduleSettings& schedule) {
  return {std::move(roster), schedule.stale_after, schedule.confirm};
}

/// What is kept of an organization itself is as old as its last change; its keys know better.
void note_success(model::OrganizationStatus& of, const model::KeyStatus& key) {
  if (key.last_success == base::WallTime{}) return;
  if (of.last_conclusive == base::SteadyTime{} || of.last_conclusive < key.last_success_steady)
    of.last_conclusive = key.last_success_steady;
}

}  // namespace

ConfigurationText take_text(Configuration& configuration) {
  std::string text = joined(std::exchange(configuration.sources, {}));
  std::string sha256 = journal::sha256_hex(text);
  return {std::move(text), std::move(sha256)};
}

policy::Demands demands_of(const Configuration& configuration) {
  return demands_of(configuration.roster, configuration.settings.schedule);
}

std::optional<policy::Demands> demands_in(const std::string& text, base::WallTime now) {
  base::Diagnostics ignored;
  settings::Settings old =
      settings::load(sources_of(text), "the configuration before", now, ignored);
  if (ignored.has_errors()) return std::nullopt;
  return demands_of(std::make_shared<const model::Roster>(std::move(old.roster)), old.schedule);
}

audit::Memory memory_of(const std::shared_ptr<const model::Roster>& roster,
                        const ledger::Remembered& remembered, const RecentPolls::Times& polled,
                        const incident::Now& now) {
  audit::Memory memory{roster, std::vector<model::KeyStatus>(roster->key_count),
                       std::vector<model::OrganizationStatus>(roster->organizations.size())};
  for (std::size_t i = 0; i < roster->organizations.size(); ++i) {
    const model::Organization& organization = roster->organizations[i];
    model::OrganizationStatus& of = memory.organizations[i];
    const auto known = remembered.organizations.find(organization.id);
    if (known != remembered.organizations.end()) of = known->second;
    // While nobody ran, nobody asked: that is no silence of the service.
    of.watched_since = now.steady;
    for (std::size_t k = 0; k < organization.keys.size(); ++k) {
      model::KeyStatus& status = memory.keys[organization.first_key + k];
      const incident::Scope scope{organization.id, organization.keys[k].id};
      const auto key = remembered.keys.find(scope);
      if (key == remembered.keys.end()) {
        status.watched_since = now.wall;
        status.watched_since_steady = now.steady;
        continue;
      }
      status = key->second;
      if (const auto later = polled.find(scope); later != polled.end())
        status.last_poll = std::max(status.last_poll, later->second);
      note_success(of, status);
    }
  }
  return memory;
}

}  // namespace aka::app
