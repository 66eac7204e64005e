// A secret shows itself to nobody but reveal().
#include "base/secret.h"

#include <string>
#include <utility>

#include <doctest/doctest.h>

namespace aka::base {
namespace {

TEST_SUITE("secret") {
  TEST_CASE("it prints as a mask") {
    CHECK(fmt::format("{}", Secret("hidden")) == "<secret>");
    CHECK(fmt::format("{:>10}|", Secret("hidden")) == "  <secret>|");
    CHECK(Secret("hidden").reveal() == "hidden");
  }

  TEST_CASE("copies and moves keep the text, and a moved-from secret is empty") {
    for (const std::string& text : {std::string("short"), std::string(100, 'x')}) {
      Secret first(text);
      const Secret copy = first;
      Secret moved = std::move(first);
      CHECK(copy.reveal() == text);
      CHECK(moved.reveal() == text);
      CHECK(first.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
      Secret assigned;
      assigned = std::move(moved);
      CHECK(assigned.reveal() == text);
      assigned = copy;
      CHECK(assigned.reveal() == text);
    }
  }

  TEST_CASE("equal texts are equal, whatever they differ in otherwise") {
    CHECK(Secret("a") == Secret("a"));
    CHECK(Secret() == Secret(""));
    CHECK_FALSE(Secret("a") == Secret("b"));
    CHECK_FALSE(Secret("a") == Secret("ab"));
    CHECK_FALSE(Secret("xa") == Secret("ya"));
  }
}

}  // namespace
}  // namespace aka::base
