#pragma once

#include "base/clock.h"
#include "model/snapshot.h"
#include "page/html.h"
#include "report/keys.h"

namespace aka::page {

/// The waivers of all keys, those that need somebody first, as a table; nothing if there are none.
void put_waivers(Html& html, const model::Snapshot& snapshot);

/// Those of one key.
void put_waivers(Html& html, const report::KeyView& view, base::WallTime now);

}  // namespace aka::page
