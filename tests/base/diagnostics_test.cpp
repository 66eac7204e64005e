// Problems come out in the order of their places.
#include "base/diagnostics.h"

#include <doctest/doctest.h>

#include "support/sections.h"

namespace aka::base {
namespace {

TEST_SUITE("diagnostics") {
  TEST_CASE("they are sorted by file, line and column; ties keep their order") {
    const auto a = std::make_shared<const std::string>("a");
    const auto b = std::make_shared<const std::string>("b");
    Diagnostics diagnostics;
    diagnostics.error({b, 1, 1}, "six");
    diagnostics.error({a, 10, 1}, "five");
    diagnostics.error({a, 2, 10}, "three");
    diagnostics.warning({a, 2, 9}, "two");
    diagnostics.error({a, 2, 10}, "four");
    diagnostics.error({a, 0, 0}, "one");
    diagnostics.error({}, "zero");
    CHECK(testing::report(diagnostics) ==
          "zero\na: one\na:2:9: warning: two\na:2:10: three\na:2:10: four\na:10:1: five\nb:1:1: "
          "six\n");
  }

  TEST_CASE("warnings are no errors") {
    Diagnostics diagnostics;
    diagnostics.warning({}, "w");
    CHECK_FALSE(diagnostics.has_errors());
    diagnostics.error({}, "e");
    CHECK(diagnostics.has_errors());
  }
}

}  // namespace
}  // namespace aka::base
