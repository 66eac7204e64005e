// Retry as arithmetic: doubling waits, each spread over its upper half so that keys, organizations
// and daemons that failed together do not come back together.
#include "audit/backoff.h"

#include <algorithm>

namespace aka::audit {
namespace {

using base::Duration;
using std::chrono::seconds;

constexpr Duration kLongestRetryAfter = std::chrono::hours(1);
constexpr int kTroublesBeforeHold = 3;

Duration doubled(Duration first, Duration most, int steps) {
  Duration wait = first;
  for (int i = 0; i < steps && wait < most; ++i) wait *= 2;
  return std::min(wait, most);
}

Duration spread(Duration wait, Chance chance) {
  return wait / 2 + std::chrono::duration_cast<Duration>(wait / 2 * chance);
}

}  // namespace

bool is_service_trouble(const model::Failure& failure) {
  switch (failure.reason) {
    case model::Reason::throttled:
    case model::Reason::http_5xx:
    case model::Reason::timeout:
    case model::Reason::connect:
    case model::Reason::dns:
    case model::Reason::tls:
    case model::Reason::proxy:
      return true;
    case model::Reason::none:
    case model::Reason::key_missing:
    case model::Reason::org_missing:
    case model::Reason::unknown:
    case model::Reason::bad_credentials:
    case model::Reason::wrong_org:
    case model::Reason::role_too_low:
    case model::Reason::ip_not_on_access_list:
    case model::Reason::denied:
    case model::Reason::bad_request:
    case model::Reason::invalid_body:
    case model::Reason::id_mismatch:
    case model::Reason::too_large:
      return false;
  }
  return false;
}

Duration wait_after_failure(int failures, Duration interval, Chance chance) {
  if (failures <= 0) return interval;
  return std::max(interval, spread(doubled(seconds(1), seconds(60), failures), chance));
}

void OrganizationBackoff::note(const model::Failure* failure, std::optional<Duration> retry_after,
                               base::SteadyTime now, Chance chance) {
  if (failure == nullptr || !is_service_trouble(*failure)) {
    troubled_ = 0;
    throttled_ = 0;
    return;
  }
  ++troubled_;
  Duration wait{};
  if (failure->state == model::State::rate_limited) {
    wait = spread(doubled(seconds(10), seconds(300), throttled_++), chance);
  } else if (troubled_ >= kTroublesBeforeHold) {
    wait = spread(doubled(seconds(1), seconds(60), troubled_ - kTroublesBeforeHold), chance);
  }
  if (retry_after) {
    // At least what was asked for, and up to a tenth more, so that not all come at that instant.
    const Duration asked = std::clamp(*retry_after, Duration::zero(), kLongestRetryAfter);
    wait = asked + std::chrono::duration_cast<Duration>(asked / 10 * chance);
  }
  held_until_ = std::max(held_until_, now + wait);
}

}  // namespace aka::audit
