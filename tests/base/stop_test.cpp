// A stop is seen by flag and by poll(2), once and for ever.
#include "base/stop.h"

#include <poll.h>

#include <doctest/doctest.h>

namespace aka::base {
namespace {

bool readable(const StopSignal& stop) {
  pollfd waited{stop.descriptor(), POLLIN, 0};
  return ::poll(&waited, 1, 0) == 1;
}

TEST_SUITE("stop signal") {
  TEST_CASE("it is off until requested, and then stays on") {
    StopSignal stop;
    CHECK_FALSE(stop.requested());
    CHECK_FALSE(readable(stop));
    stop.request();
    stop.request();
    CHECK(stop.requested());
    CHECK(readable(stop));
    CHECK(readable(stop));
  }
}

}  // namespace
}  // namespace aka::base
