// The bar of a long audit.
#include "app/progress.h"

#include <doctest/doctest.h>

#include "support/fake_clock.h"

namespace aka::app {
namespace {

TEST_CASE("the bar tells how many keys are done") {
  CHECK(progress_bar(0, 9) == "[..............................] 0/9 keys");
  CHECK(progress_bar(3, 9) == "[##########....................] 3/9 keys");
  CHECK(progress_bar(9, 9) == "[##############################] 9/9 keys");
}

TEST_CASE("a short run shows no bar, a long one clears it at its end") {
  testing::FakeClock clock;
  std::FILE* const terminal = std::tmpfile();
  REQUIRE(terminal != nullptr);
  {
    Progress progress(3, terminal, clock);
    progress.step();
    CHECK(std::ftell(terminal) == 0);
    clock.advance(std::chrono::seconds(1));
    progress.step();
  }
  std::rewind(terminal);
  std::string text(200, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), terminal));
  std::fclose(terminal);
  CHECK(text == "\r\x1b[K[####################..........] 2/3 keys\r\x1b[K");
}

TEST_CASE("without a terminal nothing is shown") {
  testing::FakeClock clock;
  Progress progress(1, nullptr, clock);
  clock.advance(std::chrono::seconds(5));
  progress.step();
}

}  // namespace
}  // namespace aka::app
