#pragma once

#include <optional>
#include <string_view>

#include "store/store.h"

namespace aka::store {

/// The name of a kind in a database.
std::string_view to_string(FactKind kind);
std::optional<FactKind> parse_fact_kind(std::string_view name);

}  // namespace aka::store
