#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "model/snapshot.h"

namespace aka::report {

/// One key of a snapshot; valid as long as the snapshot.
struct KeyView {
  const model::Organization& organization;
  const model::Key& key;
  const model::KeyStatus& status;
};

/// Visits the keys in configuration order, from the one with the index `first` on, until `visit`
/// answers false.
void each_key(const model::Snapshot& snapshot, std::size_t first,
              const std::function<bool(const KeyView&)>& visit);

/// Empty for a key that is to be absent and so has none, `inline` for one written in place.
std::string policy_label(const model::Key& key);

/// Whether the last poll of the key proved something.
bool is_judged(const model::KeyStatus& status);

/// Empty if there is none.
const model::Findings& findings_of(const model::KeyStatus& status);

/// Whether the kind compares two texts, so that an empty one is a text too and no absence.
bool compares_texts(model::FindingKind kind);

}  // namespace aka::report
