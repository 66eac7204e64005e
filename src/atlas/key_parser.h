#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "model/ids.h"
#include "model/observation.h"

namespace aka::atlas {

/// Reads an API key as the service describes it. `organization` is the key's own: a role on any
/// other has an unknown scope. Absent `desc` and `publicKey` are empty; `id` and `roles` must be
/// there. Of the private key nothing remains but whether it was shown. An error says what is wrong
/// with the text, for people: "has no 'roles'"; it never repeats the text.
tl::expected<model::KeyRecord, std::string> parse_key(std::string_view json,
                                                      model::OrganizationId organization);

/// Reads the caller's own key from what the root of the API says; nothing if the caller is no key.
tl::expected<std::optional<model::KeyRecord>, std::string> parse_caller(
    std::string_view json, model::OrganizationId organization);

}  // namespace aka::atlas
