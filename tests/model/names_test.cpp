// The closed lists of names that metrics, settings and reports share.
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "model/finding.h"
#include "model/observation.h"

namespace aka::model {
namespace {

TEST_SUITE("names") {
  TEST_CASE("every finding kind has its own name, which reads back") {
    std::set<std::string> names;
    for (const FindingKind kind : kFindingKinds) {
      names.emplace(to_string(kind));
      CHECK(parse_finding_kind(to_string(kind)) == kind);
    }
    CHECK(names == std::set<std::string>{"role_forbidden", "role_unexpected", "role_missing",
                                         "description_mismatch", "public_key_changed",
                                         "private_key_exposed", "key_missing", "key_present",
                                         "unmanaged_key"});
    CHECK_FALSE(parse_finding_kind("forbidden"));
    CHECK_FALSE(parse_finding_kind(""));
  }

  TEST_CASE("severities are ordered and read back") {
    CHECK(Severity::info < Severity::warning);
    CHECK(Severity::warning < Severity::critical);
    for (const Severity severity : {Severity::info, Severity::warning, Severity::critical})
      CHECK(parse_severity(to_string(severity)) == severity);
    CHECK_FALSE(parse_severity("none"));
  }

  TEST_CASE("every state has its own name") {
    std::set<std::string> names;
    for (const State state : kStates) names.emplace(to_string(state));
    CHECK(names == std::set<std::string>{"pending", "compliant", "drift", "not_found", "forbidden",
                                         "unauthorized", "rate_limited", "error"});
  }

  TEST_CASE("every reason has its own name, none an empty one") {
    std::set<std::string> names;
    int count = 0;
    for (int i = 0; i <= static_cast<int>(Reason::proxy); ++i, ++count)
      names.emplace(to_string(static_cast<Reason>(i)));
    CHECK(names.size() == static_cast<std::size_t>(count));
    CHECK(to_string(Reason::none).empty());
    CHECK(to_string(Reason::http_5xx) == "http_5xx");
  }

  TEST_CASE("a finding stays the same subject when its severity and texts change") {
    Finding finding{
        FindingKind::role_forbidden, Severity::critical, "ORG_OWNER", "", "", "x", {}, false};
    Finding other = finding;
    other.severity = Severity::info;
    other.actual = "y";
    other.waived = true;
    CHECK(same_subject(finding, other));
    other.project_id = "*";
    CHECK_FALSE(same_subject(finding, other));
  }
}

}  // namespace
}  // namespace aka::model
