#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/duration.h"
#include "page/html.h"

namespace aka::page {

/// "less than a minute", "3 min", "2 h", "5 days": in one unit, rounded down.
std::string rough(base::Duration duration);

/// A `<time>` that says how long ago ("just now", "3 min ago"), and when in its title; "never" for
/// the epoch.
Markup ago(base::WallTime time, base::WallTime now);

/// Likewise of an instant to come: "in 3 min", "due" if it has passed.
Markup ahead(base::WallTime time, base::WallTime now);

/// The instant itself, to the second.
Markup instant(base::WallTime time);

/// A coloured word that also says it in letters; `kind` is one of the stylesheet's.
Markup badge(std::string_view kind, std::string_view text);

/// "1 key", "3 keys".
std::string counted(std::size_t count, std::string_view noun);

}  // namespace aka::page
