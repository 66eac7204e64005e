// Expressions that a whole text must fit.
#include "base/text_pattern.h"

#include <string>

#include <doctest/doctest.h>

namespace aka::base {
namespace {

bool fits(const std::string& expression, std::string_view text) {
  return TextPattern::compile(expression)->matches(text);
}

TEST_SUITE("text pattern") {
  TEST_CASE("the whole text must fit") {
    CHECK(fits("ci .*", "ci deployer"));
    CHECK_FALSE(fits("ci", "ci deployer"));
    CHECK_FALSE(fits("deployer", "ci deployer"));
    CHECK_FALSE(fits("a|b", "ab"));
    CHECK(fits("", ""));
    CHECK_FALSE(fits("a.b", "a\nb"));
  }

  TEST_CASE("an expression that would make others backtrack ends at once") {
    CHECK_FALSE(fits("(a*)*b", std::string(100'000, 'a')));
  }

  TEST_CASE("what is no expression is told, and backward references are none") {
    for (const char* expression : {"(", "[a", "a{2,1}", "(a)\\1", "(?=a)"}) {
      CAPTURE(expression);
      const auto pattern = TextPattern::compile(expression);
      REQUIRE_FALSE(pattern);
      CHECK(pattern.error().message.find("is not a regular expression") != std::string::npos);
    }
  }

  TEST_CASE("a copy matches as the original does, which it outlives") {
    TextPattern copy = *TextPattern::compile("x");
    {
      const auto original = TextPattern::compile("y+");
      copy = *original;
    }
    CHECK(copy.matches("yy"));
    CHECK(copy.expression() == "y+");
  }

  TEST_CASE("texts that are not UTF-8 do no harm") {
    CHECK_FALSE(fits("a.b",
                     "a\xff"
                     "b"));
  }
}

}  // namespace
}  // namespace aka::base
