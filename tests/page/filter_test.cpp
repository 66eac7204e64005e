// A filter lives in an address.
#include "page/filter.h"

#include <map>

#include <doctest/doctest.h>

namespace aka::page {
namespace {

Filter read(const std::map<std::string, std::string, std::less<>>& parameters) {
  return read_filter([&](std::string_view name) {
    const auto found = parameters.find(name);
    return found == parameters.end() ? std::string() : found->second;
  });
}

TEST_CASE("an address says all of the filter") {
  Filter filter;
  CHECK(address_of(filter) == "/");
  CHECK(filter.is_empty());
  filter.search = "a&b";
  filter.organization = "acme";
  filter.owner = "build team";
  filter.standing = Standing::not_found;
  filter.severity = model::Severity::critical;
  filter.page = 3;
  CHECK(address_of(filter) ==
        "/?q=a%26b&org=acme&owner=build%20team&show=not_found&severity=critical&page=3");
}

TEST_CASE("a filter is read from parameters") {
  const Filter filter = read({{"q", "x"},
                              {"org", "acme"},
                              {"owner", "o"},
                              {"show", "stale"},
                              {"severity", "info"},
                              {"page", "12"}});
  CHECK(filter.search == "x");
  CHECK(filter.organization == "acme");
  CHECK(filter.owner == "o");
  CHECK(filter.standing == Standing::stale);
  CHECK(filter.severity == model::Severity::info);
  CHECK(filter.page == 12);
}

TEST_CASE("what cannot be read is as if it were not there") {
  for (const char* page : {"0", "-1", "1x", "99999999999999999999999", ""}) {
    CHECK(read({{"page", page}}).page == 1);
  }
  CHECK(read({{"show", "<script>"}, {"severity", "bad"}}).is_empty());
}

}  // namespace
}  // namespace aka::page
