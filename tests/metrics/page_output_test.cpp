#include "metrics/page_output.h"

#include <limits>

#include <doctest/doctest.h>

namespace aka::metrics {
namespace {

TEST_CASE("a number of thousandths shows a fraction only where there is one") {
  struct Row {
    long long thousandths;
    const char* expected;
  };
  for (const Row& row :
       {Row{0, "0"}, Row{1000, "1"}, Row{200000, "200"}, Row{1, "0.001"}, Row{250, "0.250"},
        Row{1795500000007, "1795500000.007"}, Row{-1, "-0.001"}, Row{-2500, "-2.500"},
        Row{std::numeric_limits<long long>::max(), "9223372036854775.807"},
        Row{std::numeric_limits<long long>::min(), "-9223372036854775.808"}}) {
    CHECK(NumberText(row.thousandths).view() == row.expected);
  }
}

}  // namespace
}  // namespace aka::metrics
