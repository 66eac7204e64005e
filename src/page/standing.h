#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "model/snapshot.h"
#include "report/keys.h"

namespace aka::page {

/// Where a key stands, for a reader: each key is in one of these. The worst come first. Only the
/// last one is good, and it takes a conclusive last poll, by the policy in force, not long ago.
enum class Standing {
  findings,  ///< open ones, whatever the last poll came to
  unauthorized,
  forbidden,
  not_found,
  error,
  rate_limited,
  stale,    ///< nothing is known against it, but that was not proven of late
  pending,  ///< not polled yet
  compliant,
};

inline constexpr std::array<Standing, 9> kStandings{
    Standing::findings,  Standing::unauthorized, Standing::forbidden,
    Standing::not_found, Standing::error,        Standing::rate_limited,
    Standing::stale,     Standing::pending,      Standing::compliant};

/// As in the address of a page: "findings", "not_found".
std::string_view to_string(Standing standing);
std::optional<Standing> parse_standing(std::string_view text);
/// For people: "with findings", "not found".
std::string_view title_of(Standing standing);

Standing standing_of(const report::KeyView& view, const model::Snapshot& snapshot);

/// Of the open findings; info if there are none.
model::Severity worst_of(const model::KeyStatus& status);

}  // namespace aka::page
