#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "incident/conditions.h"
#include "model/snapshot.h"
#include "model/status.h"

namespace aka::incident {

/// What a restart needs of a key, as a line of JSON. Instants of the steady clock are kept as wall
/// time; read back, they are as long ago as that says, and not in the future.
std::string to_text(const model::KeyStatus& status, const Now& now);
std::optional<model::KeyStatus> parse_key_status(std::string_view text, const Now& now);

/// Likewise of an organization: its discovery, whether it is out of reach.
std::string to_text(const model::OrganizationStatus& status, const Now& now);
std::optional<model::OrganizationStatus> parse_organization_status(std::string_view text,
                                                                   const Now& now);

/// Likewise of the last load that weakened.
std::string to_text(const Weakened& weakened, const Now& now);
std::optional<Weakened> parse_weakened(std::string_view text, const Now& now);

/// The last conclusive poll moved to a later minute since what to_text() wrote.
void set_last_success(model::KeyStatus& status, base::WallTime when, const Now& now);

}  // namespace aka::incident
