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

/// The most that the service puts on one page, and what is asked for.
inline constexpr std::size_t kKeysPerPage = 500;

/// A key in a list that cannot be read, as parse_key() says; its neighbours are none the worse.
struct UnreadableKey {
  std::optional<model::KeyId> id;  ///< if that much could be read
  std::string problem;

  friend bool operator==(const UnreadableKey&, const UnreadableKey&) = default;
};

/// A part of the list of an organization's keys. Each is what it is when asked for by itself.
struct KeyPage {
  std::vector<model::KeyRecord> keys;     ///< in the service's order; a repeat is possible
  std::vector<UnreadableKey> unreadable;  ///< a list with these proves the absence of no key
  bool last = false;                      ///< no page follows
};

/// Reads a page: each object in `results`, which must be there, by parse_key(), and everything
/// around them as strictly. The last page is an empty one, or one whose `links` name no next one,
/// or without `links` a short one; no address is ever taken from the links.
tl::expected<KeyPage, std::string> parse_key_page(std::string_view json,
                                                  model::OrganizationId organization);

}  // namespace aka::atlas
