// The verdict, derived from what is known of a key.
#include "model/status.h"

#include <chrono>

#include <doctest/doctest.h>

namespace aka::model {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr base::Duration kStaleAfter = minutes(15);
const base::SteadyTime kPolled{std::chrono::hours(1)};

KeyStatus judged(Findings findings) {
  KeyStatus status;
  status.evidence = Evidence::record;
  status.judged_by_current_policy = true;
  status.last_success_steady = kPolled;
  if (!findings.empty()) status.findings = std::make_shared<const Findings>(std::move(findings));
  return status;
}

Finding finding(int since, bool waived) {
  Finding result;
  result.since = base::WallTime(base::Duration(since));
  result.waived = waived;
  return result;
}

TEST_SUITE("verdict") {
  TEST_CASE("nothing is known before the first conclusive poll") {
    CHECK(verdict_of(KeyStatus(), kPolled, kStaleAfter) == Verdict::unknown);
    KeyStatus failed;
    failed.state = State::error;
    CHECK(verdict_of(failed, kPolled, kStaleAfter) == Verdict::unknown);
  }

  TEST_CASE("compliance holds while its proof is fresh") {
    const KeyStatus status = judged({});
    CHECK(verdict_of(status, kPolled, kStaleAfter) == Verdict::compliant);
    CHECK(verdict_of(status, kPolled + kStaleAfter, kStaleAfter) == Verdict::compliant);
    CHECK(verdict_of(status, kPolled + kStaleAfter + seconds(1), kStaleAfter) == Verdict::unknown);
  }

  TEST_CASE("a violation holds until it is disproved, however old it is") {
    const KeyStatus status = judged({finding(5, false)});
    CHECK(verdict_of(status, kPolled + std::chrono::hours(1000), kStaleAfter) ==
          Verdict::violation);
  }

  TEST_CASE("a waived finding violates nothing") {
    CHECK(verdict_of(judged({finding(5, true)}), kPolled, kStaleAfter) == Verdict::compliant);
    CHECK(verdict_of(judged({finding(5, true), finding(6, false)}), kPolled, kStaleAfter) ==
          Verdict::violation);
  }

  TEST_CASE("after a change of policy, the absence of findings proves nothing") {
    KeyStatus clean = judged({});
    clean.judged_by_current_policy = false;
    CHECK(verdict_of(clean, kPolled, kStaleAfter) == Verdict::unknown);
    KeyStatus drifting = judged({finding(5, false)});
    drifting.judged_by_current_policy = false;
    CHECK(verdict_of(drifting, kPolled, kStaleAfter) == Verdict::violation);
  }

  TEST_CASE("drift began with the earliest open finding") {
    CHECK_FALSE(drift_since(judged({})));
    CHECK_FALSE(drift_since(judged({finding(1, true)})));
    CHECK(drift_since(judged({finding(9, false), finding(1, true), finding(7, false)})) ==
          base::WallTime(base::Duration(7)));
  }
}

}  // namespace
}  // namespace aka::model
