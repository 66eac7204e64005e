#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "incident/book.h"
#include "incident/conditions.h"
#include "model/snapshot.h"
#include "store/store.h"

namespace aka::ledger {

/// The facts that the ledger keeps in the store, and how to read them. The id of a key's fact, and
/// back; nothing if the text is none.
std::string id_of(const incident::Scope& scope);
std::optional<incident::Scope> scope_of(std::string_view id);

/// The organization that a fact is about; nothing: none, or it cannot be read.
std::optional<model::OrganizationId> organization_of(const store::Fact& fact);

/// What `seen` facts count in.
std::int64_t seconds_of(base::WallTime time);
base::WallTime time_of(std::int64_t seconds);

store::Fact key_fact(const incident::Scope& scope, const model::KeyStatus& status,
                     const incident::Now& now);
store::Fact organization_fact(model::OrganizationId id, const model::OrganizationStatus& status,
                              const incident::Now& now);
store::Fact alert_fact(const incident::Alert& alert);
store::Fact configuration_fact(std::string text);

/// The last load that weakened; reading another fact of the daemon gives nothing.
store::Fact weakened_fact(const incident::Weakened& weakened, const incident::Now& now);
std::optional<incident::Weakened> weakened_of(const store::Fact& fact, const incident::Now& now);

/// The receivers that are told of alerts; reading another fact changes nothing.
store::Fact sinks_fact(const std::vector<std::string>& sinks);
void read_sinks(const store::Fact& fact, std::vector<std::string>& sinks);

}  // namespace aka::ledger
