#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

/// The most that the service puts on one page, and what is asked for.
inline constexpr std::size_t kKeysPerPage = 500;

/// A part of the list of an organization's keys. Each is the same as if asked for by itself.
struct KeyPage {
  std::vector<model::KeyRecord> keys;  ///< in the service's order; a repeat is possible
  bool last = false;                   ///< no page follows
};

/// Reads a page as strictly as a key: one key that cannot be read makes the page unreadable, since
/// a list with a hole proves nothing. `results` must be there. The last page is an empty one, or
/// one whose `links` name no next one, or without `links` a short one; no address is ever taken
/// from the links.
tl::expected<KeyPage, std::string> parse_key_page(std::string_view json,
                                                  model::OrganizationId organization);

/// Reads the caller's own key from what the root of the API says; nothing if the caller is no key.
tl::expected<std::optional<model::KeyRecord>, std::string> parse_caller(
    std::string_view json, model::OrganizationId organization);

}  // namespace aka::atlas
