// The order of roles: its laws, what it says, and that its document says the same.
#include "policy/role_order.h"

#include <algorithm>
#include <fstream>
#include <regex>
#include <set>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "support/audited.h"

namespace aka::policy {
namespace {

using test::kOtherProject;
using test::kProject;
using test::role;

const std::string kOn = fmt::format("@{}", kProject);
const std::string kOnOther = fmt::format("@{}", kOtherProject);

/// Every known name, and some that are not, on every kind of scope.
std::vector<model::Role> all_roles() {
  std::vector<model::Role> roles;
  const auto add = [&roles](const std::string& name) {
    for (const std::string& scope : {std::string(), kOn, kOnOther, std::string("@unknown")}) {
      roles.push_back(role(name + scope));
    }
  };
  for (const RoleEntry& entry : known_roles()) add(std::string(entry.name));
  add("ORG_NEWS");
  add("GROUP_NEWS");
  add("org_owner");
  add("");
  return roles;
}

TEST_CASE("the order is reflexive, transitive and antisymmetric") {
  const std::vector<model::Role> roles = all_roles();
  for (const model::Role& a : roles) {
    REQUIRE(implies(a, a));
    for (const model::Role& b : roles) {
      if (!implies(a, b)) continue;
      if (implies(b, a)) REQUIRE(a == b);
      for (const model::Role& c : roles) {
        if (implies(b, c)) REQUIRE(implies(a, c));
      }
    }
  }
}

TEST_CASE("known names are known once, and steps lead to known names") {
  std::set<std::string_view> names;
  for (const RoleEntry& entry : known_roles()) CHECK(names.insert(entry.name).second);
  const std::regex words(R"(^(([A-Z_]+ )*[A-Z_]+)?$)");
  for (const RoleEntry& entry : known_roles()) {
    CHECK(std::regex_match(std::string(entry.implies), words));
  }
}

TEST_CASE("roles imply what Atlas says they include") {
  struct Case {
    std::string held, role;
    bool implied;
  };
  const std::vector<Case> cases{
      {"ORG_OWNER", "ORG_BILLING_READ_ONLY", true},
      {"ORG_OWNER", "GROUP_OWNER" + kOn, true},
      {"ORG_OWNER", "GROUP_DATA_ACCESS_READ_ONLY" + kOn, true},
      {"ORG_READ_ONLY", "GROUP_READ_ONLY" + kOn, true},
      {"ORG_READ_ONLY", "ORG_MEMBER", true},
      {"ORG_READ_ONLY", "GROUP_DATA_ACCESS_READ_ONLY" + kOn, false},
      {"ORG_READ_ONLY", "ORG_BILLING_READ_ONLY", false},
      {"ORG_MEMBER", "GROUP_READ_ONLY" + kOn, false},
      {"ORG_GROUP_CREATOR", "ORG_MEMBER", true},
      {"ORG_GROUP_CREATOR", "GROUP_OWNER" + kOn, false},
      {"ORG_STREAM_PROCESSING_ADMIN", "GROUP_STREAM_PROCESSING_OWNER" + kOn, true},
      {"GROUP_OWNER" + kOn, "GROUP_CLUSTER_MANAGER" + kOn, true},
      {"GROUP_OWNER" + kOn, "GROUP_OBSERVABILITY_VIEWER" + kOn, true},
      {"GROUP_OWNER" + kOn, "GROUP_OWNER" + kOnOther, false},
      {"GROUP_OWNER" + kOn, "GROUP_READ_ONLY" + kOnOther, false},
      {"GROUP_OWNER" + kOn, "ORG_MEMBER", false},
      {"GROUP_OWNER" + kOn, "GROUP_READ_ONLY@unknown", false},
      {"GROUP_DATA_ACCESS_ADMIN" + kOn, "GROUP_DATA_ACCESS_READ_ONLY" + kOn, true},
      {"GROUP_DATA_ACCESS_READ_ONLY" + kOn, "GROUP_DATA_ACCESS_READ_WRITE" + kOn, false},
      {"GROUP_DATA_ACCESS_READ_ONLY" + kOn, "GROUP_OBSERVABILITY_VIEWER" + kOn, false},
      {"GROUP_CLUSTER_MANAGER" + kOn, "GROUP_DATA_ACCESS_READ_ONLY" + kOn, false},
      {"ORG_OWNER", "ORG_NEWS", false},
      {"ORG_OWNER", "GROUP_NEWS" + kOn, false},
      {"ORG_OWNER@unknown", "GROUP_OWNER" + kOn, false},
      {"ORG_OWNER" + kOn, "GROUP_READ_ONLY" + kOn, false},
      {"GROUP_OWNER", "GROUP_READ_ONLY" + kOn, false},
  };
  for (const Case& row : cases) {
    CAPTURE(row.held);
    CAPTURE(row.role);
    CHECK(implies(role(row.held), role(row.role)) == row.implied);
  }
}

TEST_CASE("owners imply every known role within their reach") {
  for (const RoleEntry& entry : known_roles()) {
    const bool of_organization = entry.name.starts_with("ORG_");
    const model::Role known = role(std::string(entry.name) + (of_organization ? "" : kOn));
    CHECK(implies(role("ORG_OWNER"), known));
    CHECK(implies(role("GROUP_OWNER" + kOn), known) == !of_organization);
  }
}

TEST_CASE("a role widens unless what is required or allowed implies it") {
  struct Case {
    std::string name;
    std::string role;
    std::vector<std::string> required, allowed, forbidden;
    bool widens;
  };
  const std::vector<Case> cases{
      {"nothing is granted", "ORG_MEMBER", {}, {}, {}, true},
      {"a required role implies it", "GROUP_READ_ONLY" + kOn, {"ORG_READ_ONLY"}, {}, {}, false},
      {"an allowed role implies it",
       "GROUP_CLUSTER_MANAGER" + kOn,
       {},
       {"GROUP_OWNER" + kOn},
       {},
       false},
      {"of another project", "GROUP_READ_ONLY" + kOnOther, {}, {"GROUP_OWNER" + kOn}, {}, true},
      {"any project is every project", "GROUP_READ_ONLY" + kOn, {}, {"GROUP_OWNER@*"}, {}, false},
      {"any project is not the organization", "ORG_MEMBER", {}, {"GROUP_OWNER@*"}, {}, true},
      {"a wildcard counts as what fits it", "ORG_MEMBER", {}, {"*_READ_ONLY"}, {}, false},
      {"a wildcard on projects", "GROUP_READ_ONLY" + kOn, {}, {"GROUP_DATA_*@*"}, {}, false},
      {"a wildcard that fits nothing higher", "ORG_OWNER", {}, {"*_READ_ONLY"}, {}, true},
      {"what is forbidden grants nothing",
       "GROUP_CLUSTER_MANAGER" + kOn,
       {},
       {"ORG_*"},
       {"ORG_OWNER"},
       true},
      {"what is forbidden elsewhere still grants",
       "GROUP_CLUSTER_MANAGER" + kOn,
       {},
       {"GROUP_OWNER@*"},
       {"GROUP_OWNER" + kOnOther},
       false},
      {"forbidden on this project",
       "GROUP_CLUSTER_MANAGER" + kOn,
       {},
       {"GROUP_OWNER@*"},
       {"GROUP_OWNER" + kOn},
       true},
      {"an unknown name", "ORG_NEWS", {"ORG_OWNER"}, {"GROUP_*@*"}, {}, true},
      {"an unknown scope", "ORG_MEMBER@unknown", {"ORG_OWNER"}, {}, {}, true},
  };
  for (const Case& row : cases) {
    CAPTURE(row.name);
    CHECK(widens(role(row.role), {test::patterns(row.required), test::patterns(row.allowed),
                                  test::patterns(row.forbidden)}) == row.widens);
  }
}

TEST_CASE("docs/roles.md shows this version and these steps") {
  std::ifstream file(AKA_SOURCE_DIR "/docs/roles.md");
  REQUIRE(file);
  std::vector<std::string> documented;
  std::string line;
  bool version_shown = false;
  while (std::getline(file, line)) {
    version_shown |= line.find(fmt::format("version {}", kRoleOrderVersion)) != std::string::npos;
    std::smatch cells;
    static const std::regex row(R"(^\| `([A-Z_]+)` \| (.*?) \|.*$)");
    if (!std::regex_match(line, cells, row)) continue;
    std::string steps = cells[2];
    std::erase(steps, '`');
    std::erase(steps, ',');
    documented.push_back(cells[1].str() + ": " + (steps == "nothing" ? "" : steps));
  }
  std::vector<std::string> coded;
  for (const RoleEntry& entry : known_roles()) {
    coded.push_back(fmt::format("{}: {}", entry.name, entry.implies));
  }
  CHECK(version_shown);
  CHECK(fmt::format("{}", fmt::join(documented, "\n")) ==
        fmt::format("{}", fmt::join(coded, "\n")));
}

}  // namespace
}  // namespace aka::policy
