#pragma once

#include <string>
#include <vector>

#include "model/snapshot.h"

namespace aka::test {

/// A snapshot at 2026-11-24T06:00:00Z of these organizations, which it numbers, with a status for
/// each of their keys in order.
model::Snapshot snapshot_of(std::vector<model::Organization> organizations,
                            const std::vector<model::KeyStatus>& statuses);

model::Organization organization_of(std::string name, std::string_view id,
                                    std::vector<model::Key> keys);

/// Two organizations whose keys are in every state that a report tells apart; one holds a key that
/// is not listed, the list of the other broke off. A description tries to drive the terminal.
model::Snapshot small_world();

/// The file of tests/report/data, or of the project if `name` holds a `/`. With AKA_WRITE_GOLDEN
/// set, `actual` is written there first.
std::string golden(const std::string& name, const std::string& actual);

}  // namespace aka::test
