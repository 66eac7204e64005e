// The filter as a part of an address, and back.
#include "page/filter.h"

#include <charconv>

#include "page/html.h"

namespace aka::page {
namespace {

std::size_t page_number(std::string_view text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && number > 0 ? number : 1;
}

}  // namespace

Filter read_filter(const Parameters& parameters) {
  Filter filter;
  filter.search = parameters("q");
  filter.organization = parameters("org");
  filter.owner = parameters("owner");
  filter.standing = parse_standing(parameters("show"));
  filter.severity = model::parse_severity(parameters("severity"));
  filter.page = page_number(parameters("page"));
  return filter;
}

std::string address_of(const Filter& filter) {
  std::string address = "/";
  const auto add = [&](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    address += fmt::format("{}{}={}", address.size() == 1 ? '?' : '&', name, in_address(value));
  };
  add("q", filter.search);
  add("org", filter.organization);
  add("owner", filter.owner);
  if (filter.standing) add("show", to_string(*filter.standing));
  if (filter.severity) add("severity", to_string(*filter.severity));
  if (filter.page > 1) add("page", std::to_string(filter.page));
  return address;
}

}  // namespace aka::page
