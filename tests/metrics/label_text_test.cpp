#include "metrics/label_text.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace aka::metrics {
namespace {

using namespace std::string_literals;

TEST_CASE("any text becomes one that fits between the quotes of a label") {
  struct Row {
    std::string name;
    std::string text;
    std::string expected;
  };
  const Row rows[] = {
      {"empty", "", ""},
      {"plain", "GROUP_OWNER", "GROUP_OWNER"},
      {"quote", R"(a"b)", R"(a\"b)"},
      {"backslash", R"(a\b)", R"(a\\b)"},
      {"newline", "a\nb", "a\\nb"},
      {"carriage return and tab stay", "a\r\tb", "a\r\tb"},
      {"NUL stays", "a\0b"s, "a\0b"s},
      {"two, three and four bytes", "é€😀", "é€😀"},
      {"highest code point", "\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF"},
      {"beyond the highest", "\xF4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"},
      {"lonely continuation", "a\x80z", "a\uFFFDz"},
      {"cut short at the end", "a\xE2\x82", "a\uFFFD\uFFFD"},
      {"cut short before more", "\xE2\x82z", "\uFFFD\uFFFDz"},
      {"four bytes cut short", "\xF0\x9F\x98", "\uFFFD\uFFFD\uFFFD"},
      {"overlong slash", "\xC0\xAF", "\uFFFD\uFFFD"},
      {"overlong three bytes", "\xE0\x9F\xBF", "\uFFFD\uFFFD\uFFFD"},
      {"overlong four bytes", "\xF0\x8F\xBF\xBF", "\uFFFD\uFFFD\uFFFD\uFFFD"},
      {"surrogate", "\xED\xA0\x80", "\uFFFD\uFFFD\uFFFD"},
      {"never in UTF-8", "\xFF\xFE", "\uFFFD\uFFFD"},
      {"a quote behind a broken sequence stays escaped", "\xE2\"", "\uFFFD\\\""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    std::string out = "before ";
    append_label(out, row.text);
    CHECK(out == "before " + row.expected);
  }
}

TEST_CASE("only printable ASCII without quote and backslash is plain") {
  CHECK(is_plain_label(""));
  CHECK(is_plain_label("Az09._- ~"));
  for (const std::string& text :
       std::vector<std::string>{"a\"", "\\", "a\nb", "\x7f", "\xC3\xA9", "\t"}) {
    CAPTURE(text);
    CHECK_FALSE(is_plain_label(text));
  }
}

}  // namespace
}  // namespace aka::metrics
