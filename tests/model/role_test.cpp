// Roles, scopes and the patterns that policies hold against them.
#include "model/role.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <rapidcheck.h>

namespace aka::model {
namespace {

const ProjectId kProject = *ProjectId::parse("5f1a2b3c4d5e6f7a8b9c0d2f");
const ProjectId kOther = *ProjectId::parse("5f1a2b3c4d5e6f7a8b9c0d30");

TEST_SUITE("wildcards") {
  TEST_CASE("each star stands for any run of characters") {
    struct Row {
      const char* pattern;
      const char* text;
      bool fits;
    };
    for (const Row& row : std::vector<Row>{{"", "", true},
                                           {"", "a", false},
                                           {"*", "", true},
                                           {"*", "abc", true},
                                           {"**", "abc", true},
                                           {"a*", "a", true},
                                           {"a*", "ba", false},
                                           {"*_OWNER", "ORG_OWNER", true},
                                           {"*_OWNER", "ORG_OWNERS", false},
                                           {"GROUP_*_ONLY", "GROUP_DATA_ACCESS_READ_ONLY", true},
                                           {"*a*b*", "xxaxxbxx", true},
                                           {"*a*b*", "xxbxxaxx", false},
                                           {"*ab", "aab", true},
                                           {"a.c", "abc", false},
                                           {"org_owner", "ORG_OWNER", false}}) {
      CAPTURE(row.pattern);
      CAPTURE(row.text);
      CHECK(matches_wildcard(row.pattern, row.text) == row.fits);
    }
  }

  TEST_CASE("many stars take no more than moments") {
    std::string pattern;
    for (int i = 0; i < 2000; ++i) pattern += "*a";
    CHECK_FALSE(matches_wildcard(pattern + "b", std::string(20'000, 'a')));
  }

  TEST_CASE("a text whose parts were replaced by stars still fits") {
    CHECK(rc::check([](const std::vector<std::string>& parts) {
      std::string pattern;
      std::string text;
      for (std::size_t i = 0; i < parts.size(); ++i) {
        text += parts[i];
        pattern += i % 2 == 0 ? "*" : parts[i];
      }
      RC_ASSERT(matches_wildcard(pattern, text));
    }));
  }
}

TEST_SUITE("role patterns") {
  TEST_CASE("a pattern matches its own scope only, and an unknown scope never") {
    const Role organization{"R", Scope::own_organization()};
    const Role project{"R", Scope::of_project(kProject)};
    const Role other{"R", Scope::of_project(kOther)};
    const Role unknown{"R", Scope::unknown()};
    const RolePattern of_organization{"*", ScopePatternKind::organization, {}};
    const RolePattern of_project{"*", ScopePatternKind::project, kProject};
    const RolePattern of_any{"*", ScopePatternKind::any_project, {}};
    struct Row {
      const RolePattern& pattern;
      std::vector<bool> matches;  ///< organization, project, other, unknown
    };
    for (const Row& row : std::vector<Row>{{of_organization, {true, false, false, false}},
                                           {of_project, {false, true, false, false}},
                                           {of_any, {false, true, true, false}}}) {
      CHECK(row.pattern.matches(organization) == row.matches[0]);
      CHECK(row.pattern.matches(project) == row.matches[1]);
      CHECK(row.pattern.matches(other) == row.matches[2]);
      CHECK(row.pattern.matches(unknown) == row.matches[3]);
    }
  }

  TEST_CASE("a pattern covers another if whatever fits that one fits it") {
    const auto on = [](std::string name, ScopePatternKind kind) {
      return RolePattern{std::move(name), kind,
                         kind == ScopePatternKind::project ? kProject : ProjectId{}};
    };
    constexpr auto kOrganization = ScopePatternKind::organization;
    constexpr auto kThisProject = ScopePatternKind::project;
    constexpr auto kAny = ScopePatternKind::any_project;
    struct Row {
      RolePattern wide;
      RolePattern narrow;
      bool covers;
    };
    for (const Row& row :
         std::vector<Row>{{on("R", kOrganization), on("R", kOrganization), true},
                          {on("R*", kOrganization), on("RS", kOrganization), true},
                          {on("RS", kOrganization), on("R*", kOrganization), false},
                          {on("*", kOrganization), on("R*", kOrganization), true},
                          {on("R*", kOrganization), on("*", kOrganization), false},
                          {on("R", kAny), on("R", kThisProject), true},
                          {on("R", kAny), on("R", kAny), true},
                          {on("R", kThisProject), on("R", kAny), false},
                          {on("*", kAny), on("R", kOrganization), false},
                          {on("*", kOrganization), on("R", kThisProject), false},
                          {RolePattern{"R", kThisProject, kOther}, on("R", kThisProject), false}}) {
      CAPTURE(to_string(row.wide));
      CAPTURE(to_string(row.narrow));
      CHECK(row.wide.covers(row.narrow) == row.covers);
    }
  }

  TEST_CASE("they are written as a policy writes them") {
    CHECK(to_string(Role{"R", Scope::own_organization()}) == "R");
    CHECK(to_string(Role{"R", Scope::of_project(kProject)}) == "R@5f1a2b3c4d5e6f7a8b9c0d2f");
    CHECK(to_string(Role{"R", Scope::unknown()}) == "R@unknown");
    const RolePattern any{"G*", ScopePatternKind::any_project, {}};
    CHECK(to_string(any) == "G*@*");
    CHECK(any.project_text() == "*");
    CHECK(to_string(RolePattern{"R", ScopePatternKind::organization, {}}) == "R");
    CHECK(to_string(RolePattern{"R", ScopePatternKind::project, kProject}) ==
          "R@5f1a2b3c4d5e6f7a8b9c0d2f");
  }

  TEST_CASE("a star in either half is a wildcard") {
    CHECK(RolePattern{"R", ScopePatternKind::any_project, {}}.has_wildcard());
    CHECK(RolePattern{"R*", ScopePatternKind::organization, {}}.has_wildcard());
    CHECK_FALSE(RolePattern{"R", ScopePatternKind::project, kProject}.has_wildcard());
  }
}

}  // namespace
}  // namespace aka::model
