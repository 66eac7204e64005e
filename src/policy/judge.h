#pragma once

#include "base/clock.h"
#include "model/finding.h"
#include "model/observation.h"
#include "model/roster.h"

namespace aka::policy {

/// What is wrong with a key, given what the service says of it; `record` is null if the service
/// says with authority that there is no such key. Every finding's `since` is `now`; the ones
/// forgiven at `now` are waived. Same input, same findings, sorted by kind, role and project, each
/// subject once; neither the order nor a repeat in the record's roles matters. Pure.
model::Findings judge(const model::Key& key, const model::KeyRecord* record, base::WallTime now);

/// The order of judge()'s findings.
bool sorts_before(const model::Finding& left, const model::Finding& right);

}  // namespace aka::policy
