// The ids and texts of facts. They are on disks: what is here must stay readable.
#include "ledger/facts.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "incident/remembered.h"

namespace aka::ledger {

using incident::Alert;
using incident::Scope;
using nlohmann::json;
using store::Fact;
using store::FactKind;

namespace {

constexpr const char* kConfiguration = "text";
constexpr const char* kWeakened = "weakened";
constexpr const char* kSinks = "sinks";

}  // namespace

std::string id_of(const Scope& scope) {
  return scope.organization.to_string() + "/" + scope.key.to_string();
}

std::optional<Scope> scope_of(std::string_view id) {
  if (id.size() != 49) return std::nullopt;
  const auto organization = model::OrganizationId::parse(id.substr(0, 24));
  const auto key = model::KeyId::parse(id.substr(25));
  if (!organization || !key) return std::nullopt;
  return Scope{*organization, *key};
}

std::optional<model::OrganizationId> organization_of(const Fact& fact) try {
  switch (fact.kind) {
    case FactKind::key:
    case FactKind::seen:
      return model::OrganizationId::parse(std::string_view(fact.id).substr(0, 24));
    case FactKind::organization:
      return model::OrganizationId::parse(fact.id);
    case FactKind::alert:
      return model::OrganizationId::parse(json::parse(fact.id).value("org_id", std::string()));
    case FactKind::configuration:
    case FactKind::daemon:
      return std::nullopt;
  }
  return std::nullopt;
} catch (const std::exception&) {
  return std::nullopt;
}

std::int64_t seconds_of(base::WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

base::WallTime time_of(std::int64_t seconds) {
  return base::WallTime(std::chrono::seconds(seconds));
}

Fact key_fact(const Scope& scope, const model::KeyStatus& status, const incident::Now& now) {
  return {FactKind::key, id_of(scope), incident::to_text(status, now)};
}

Fact organization_fact(model::OrganizationId id, const model::OrganizationStatus& status,
                       const incident::Now& now) {
  return {FactKind::organization, id.to_string(), incident::to_text(status, now)};
}

Fact alert_fact(const Alert& alert) {
  return {FactKind::alert, incident::identity_of(alert.labels), incident::to_text(alert)};
}

Fact weakened_fact(const incident::Weakened& weakened, const incident::Now& now) {
  return {FactKind::daemon, kWeakened, incident::to_text(weakened, now)};
}

std::optional<incident::Weakened> weakened_of(const Fact& fact, const incident::Now& now) {
  if (fact.id != kWeakened) return std::nullopt;
  return incident::parse_weakened(*fact.value, now);
}

Fact configuration_fact(std::string text) {
  return {FactKind::configuration, kConfiguration, std::move(text)};
}

Fact sinks_fact(const std::vector<std::string>& sinks) {
  return {FactKind::daemon, kSinks,
          json(sinks).dump(-1, ' ', false, json::error_handler_t::replace)};
}

void read_sinks(const Fact& fact, std::vector<std::string>& sinks) try {
  if (fact.id == kSinks) sinks = json::parse(*fact.value).get<std::vector<std::string>>();
} catch (const std::exception&) {
  sinks.clear();
}

}  // namespace aka::ledger
