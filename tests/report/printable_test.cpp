// What a terminal is shown of a hostile text.
#include "report/printable.h"

#include <algorithm>
#include <vector>

#include <doctest/doctest.h>
#include <rapidcheck.h>

namespace aka::report {
namespace {

TEST_CASE("hidden characters are shown and no longer act") {
  struct Case {
    std::string name;
    std::string_view text;
    std::string_view shown;
  };
  const std::vector<Case> cases{
      {"plain text stays", "ci deployer", "ci deployer"},
      {"other languages stay", "clé ключ 鍵 🔑", "clé ключ 鍵 🔑"},
      {"a backslash stays", R"(^ci\d$)", R"(^ci\d$)"},
      {"escape sequences", "\x1b[2J\x1b]0;t\x07", R"(\x1b[2J\x1b]0;t\x07)"},
      {"line breaks and tabs", "a\r\n\tb", R"(a\r\n\tb)"},
      {"NUL and DEL", std::string_view("\0\x7f", 2), R"(\x00\x7f)"},
      {"C1: one character that is ESC [", "\u009b31m", R"(\u{9b}31m)"},
      {"C1 as a bare byte",
       "\x9b"
       "31m",
       R"(\x9b31m)"},
      {"bidi override", "\u202enimda", R"(\u{202e}nimda)"},
      {"bidi isolates", "\u2066a\u2069", R"(\u{2066}a\u{2069})"},
      {"zero width", "ad\u200bmin", R"(ad\u{200b}min)"},
      {"line separator", "a\u2028b", R"(a\u{2028}b)"},
      {"tags", "\U000E0041", R"(\u{e0041})"},
      {"overlong escape", "\xc0\x9b", R"(\xc0\x9b)"},
      {"cut in the middle", "a\xe2\x80", R"(a\xe2\x80)"},
  };
  for (const Case& row : cases) {
    CAPTURE(row.name);
    CHECK(printable(row.text) == row.shown);
  }
}

TEST_CASE("whatever the bytes, no hidden character and no broken UTF-8 comes out") {
  CHECK(rc::check([](const std::vector<unsigned char>& bytes) {
    const std::string shown = printable(std::string(bytes.begin(), bytes.end()));
    std::string_view rest = shown;
    while (!rest.empty()) {
      const Character character = take_character(rest);
      RC_ASSERT(character.valid);
      RC_ASSERT(!is_hidden(character.code));
    }
    RC_ASSERT(printable(shown) == shown);
  }));
}

}  // namespace
}  // namespace aka::report
