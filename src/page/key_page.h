#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/ids.h"
#include "model/snapshot.h"
#include "page/history.h"

namespace aka::page {

/// The page at `/keys/{org}/{key}`: of a configured key, of an unlisted one that is there, or of
/// one that only the journal knows any more. Nothing if nobody knows it.
std::optional<std::string> key_page(const model::Snapshot& snapshot,
                                    model::OrganizationId organization, model::KeyId key,
                                    const History& history, std::string_view version);

}  // namespace aka::page
