#include "journal/canonical_json.h"

#include <string>

#include <doctest/doctest.h>

namespace aka::journal {
namespace {

std::string nested(int depth) {
  std::string text;
  for (int i = 0; i < depth; ++i) text += R"({"a":)";
  return text + "1" + std::string(static_cast<std::size_t>(depth), '}');
}

TEST_SUITE("canonical JSON") {
  TEST_CASE("an object is written in the one form") {
    struct Case {
      const char* name;
      const char* text;
      const char* expected;
    };
    const Case cases[] = {
        {"spaces go", " { \"a\" : [ 1 , 2 ] } ", R"({"a":[1,2]})"},
        {"keys are sorted by code point", R"({"é":1,"b":2,"B":3,"":4,"ab":5})",
         R"({"":4,"B":3,"ab":5,"b":2,"é":1})"},
        {"of duplicate keys the last counts", R"({"a":1,"a":2})", R"({"a":2})"},
        {"text is not escaped without need", R"({"a":"\u00e9\/\ud83d\ude00\u007f"})",
         "{\"a\":\"é/😀\x7f\"}"},
        {"control characters are escaped in short", R"({"a":"\u0000\u0009\u000A\u001F\"\\"})",
         R"({"a":"\u0000\t\n\u001f\"\\"})"},
        {"integers stay as they are", R"({"a":[-9223372036854775808,18446744073709551615,0]})",
         R"({"a":[-9223372036854775808,18446744073709551615,0]})"},
        {"fractions become text", R"({"a":[0.5,{"b":1.0}]})", R"({"a":["0.5",{"b":"1.0"}]})"},
        {"the empty object", "{}", "{}"},
    };
    for (const Case& one : cases) {
      INFO(one.name);
      CHECK(canonical_object(one.text) == std::string(one.expected));
    }
  }

  TEST_CASE("what is no object of UTF-8 text is nothing") {
    for (const char* text : {"", "[]", "1", "null", "{", "{}{}", "{\"a\":}", "{\"a\":1e999}",
                             "{\"a\":\"\xff\"}", "{\"a\":\"\\ud800\"}"}) {
      INFO(text);
      CHECK_FALSE(canonical_object(text).has_value());
    }
  }

  TEST_CASE("nesting has an end") {
    CHECK(canonical_object(nested(kDeepestData)).has_value());
    CHECK_FALSE(canonical_object(nested(kDeepestData + 1)).has_value());
    CHECK_FALSE(canonical_object(nested(1000000)).has_value());
  }

  TEST_CASE("bytes that are not UTF-8 are replaced") {
    CHECK(valid_utf8("plain") == "plain");
    CHECK(valid_utf8("é\n\"") == "é\n\"");
    CHECK(valid_utf8("a\xff"
                     "b") ==
          "a\xef\xbf\xbd"
          "b");
    CHECK(canonical_text("a\xff") == "\"a\xef\xbf\xbd\"");
    CHECK(canonical_text("a\"\n") == R"("a\"\n")");
  }
}

}  // namespace
}  // namespace aka::journal
