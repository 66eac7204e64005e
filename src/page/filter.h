#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "model/finding.h"
#include "page/standing.h"

namespace aka::page {

/// What a reader of the status page wants to see. All of it lives in the page's address.
struct Filter {
  std::string search;        ///< in names, ids, policies, owners and roles of findings
  std::string organization;  ///< its name; empty: all
  std::string owner;         ///< empty: all
  std::optional<Standing> standing;
  std::optional<model::Severity> severity;  ///< of the worst open finding
  std::size_t page = 1;

  bool is_empty() const {
    return search.empty() && organization.empty() && owner.empty() && !standing && !severity;
  }
};

/// The first parameter of a name, decoded; empty if there is none.
using Parameters = std::function<std::string(std::string_view name)>;

/// What cannot be read is as if it were not there.
Filter read_filter(const Parameters& parameters);

/// The address of the page with this filter: "/", "/?org=acme&page=2".
std::string address_of(const Filter& filter);

}  // namespace aka::page
