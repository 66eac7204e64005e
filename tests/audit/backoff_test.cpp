#include "audit/backoff.h"

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using namespace aka;
using audit::OrganizationBackoff;
using model::Reason;
using model::State;

TEST_SUITE_BEGIN("backoff");

namespace {

const base::SteadyTime kNow{1h};

model::Failure failed(State state, Reason reason) { return {state, reason, ""}; }

const model::Failure kTimeout = failed(State::error, Reason::timeout);
const model::Failure kThrottled = failed(State::rate_limited, Reason::throttled);
const model::Failure kDenied = failed(State::forbidden, Reason::denied);

}  // namespace

TEST_CASE("trouble is what says nothing about key or credential") {
  struct Row {
    State state;
    Reason reason;
    bool trouble;
  };
  for (const Row& row :
       {Row{State::rate_limited, Reason::throttled, true},
        Row{State::error, Reason::http_5xx, true}, Row{State::error, Reason::timeout, true},
        Row{State::error, Reason::connect, true}, Row{State::error, Reason::dns, true},
        Row{State::error, Reason::tls, true}, Row{State::error, Reason::proxy, true},
        Row{State::error, Reason::invalid_body, false},
        Row{State::unauthorized, Reason::bad_credentials, false},
        Row{State::forbidden, Reason::denied, false},
        Row{State::not_found, Reason::unknown, false}}) {
    CAPTURE(model::to_string(row.reason));
    CHECK(audit::is_service_trouble(failed(row.state, row.reason)) == row.trouble);
  }
}

TEST_CASE("a key's wait doubles to a minute but never undercuts its interval") {
  CHECK(audit::wait_after_failure(0, 1s, 1.0) == 1s);
  CHECK(audit::wait_after_failure(1, 1s, 1.0) == 2s);
  CHECK(audit::wait_after_failure(3, 1s, 1.0) == 8s);
  CHECK(audit::wait_after_failure(3, 1s, 0.0) == 4s);
  CHECK(audit::wait_after_failure(50, 1s, 1.0) == 60s);
  CHECK(audit::wait_after_failure(50, 5min, 1.0) == 5min);
}

TEST_CASE("one or two failures hold nobody up, the third holds the organization") {
  OrganizationBackoff backoff;
  backoff.note(&kTimeout, {}, kNow, 1.0);
  backoff.note(&kTimeout, {}, kNow, 1.0);
  CHECK(backoff.held_until() <= kNow);
  backoff.note(&kTimeout, {}, kNow, 1.0);
  CHECK(backoff.held_until() == kNow + 1s);
  backoff.note(&kTimeout, {}, kNow + 1s, 1.0);
  CHECK(backoff.held_until() == kNow + 3s);
  for (int i = 0; i < 20; ++i) backoff.note(&kTimeout, {}, kNow, 1.0);
  CHECK(backoff.held_until() == kNow + 60s);
}

TEST_CASE("any answer between failures starts the count anew") {
  OrganizationBackoff backoff;
  for (int i = 0; i < 10; ++i) {
    backoff.note(&kTimeout, {}, kNow, 1.0);
    backoff.note(&kTimeout, {}, kNow, 1.0);
    backoff.note(i % 2 == 0 ? &kDenied : nullptr, {}, kNow, 1.0);
  }
  CHECK(backoff.held_until() <= kNow);
}

TEST_CASE("a 429 holds at once, as long as it asks, never less and at most an hour and a tenth") {
  OrganizationBackoff asked;
  asked.note(&kThrottled, 55s, kNow, 0.0);
  CHECK(asked.held_until() == kNow + 55s);
  OrganizationBackoff silent;
  silent.note(&kThrottled, {}, kNow, 1.0);
  CHECK(silent.held_until() == kNow + 10s);
  silent.note(&kThrottled, {}, kNow, 1.0);
  CHECK(silent.held_until() == kNow + 20s);
  OrganizationBackoff absurd;
  absurd.note(&kThrottled, std::chrono::hours(100000), kNow, 1.0);
  CHECK(absurd.held_until() == kNow + 66min);
}
