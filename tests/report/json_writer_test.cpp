// The writer's punctuation, and that any bytes make valid JSON that says the same.
#include "report/json_writer.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>
#include <rapidcheck.h>

#include "support/audited.h"

namespace aka::report {
namespace {

std::string as_json(std::string_view text) {
  std::string out;
  JsonWriter(out).text(text);
  return out;
}

TEST_CASE("values are separated, nested and broken into lines") {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("a").begin_array().integer(-1).null().boolean(true).end_array();
  json.key("b").begin_object().end_object().key("c").seconds(std::chrono::milliseconds(1500));
  json.key("d").begin_array();
  json.new_line();
  json.integer(1);
  json.new_line();
  json.integer(2);
  json.new_line();
  json.end_array().key("e").text_or_null("").key("f").time({});
  json.key("g").time(test::at("2026-11-24T05:47:18Z")).key("h").seconds({}).end_object();
  CHECK(out ==
        "{\"a\":[-1,null,true],\"b\":{},\"c\":1.5,\"d\":[\n1,\n2\n],\"e\":null,\"f\":null,"
        "\"g\":\"2026-11-24T05:47:18Z\",\"h\":0}");
}

TEST_CASE("texts are escaped so that neither a parser nor a terminal is fooled") {
  struct Case {
    std::string name;
    std::string_view text;
    std::string_view json;
  };
  const std::vector<Case> cases{
      {"plain", "ci deployer", R"("ci deployer")"},
      {"quote and backslash", R"(a"b\c)", R"("a\"b\\c")"},
      {"controls", std::string_view("\0\n\x1b\x7f", 4), R"("\u0000\n\u001b\u007f")"},
      {"C1", "\u009b", R"("\u009b")"},
      {"direction override", "\u202e", R"("\u202e")"},
      {"beyond 16 bits", "\U000E0041", R"("\udb40\udc41")"},
      {"other languages stay", "clé ключ 鍵 🔑", "\"clé ключ 鍵 🔑\""},
      {"not UTF-8", "a\xff\xc3", "\"a\uFFFD\uFFFD\""},
      {"overlong", "\xc0\xaf", "\"\uFFFD\uFFFD\""},
      {"surrogate", "\xed\xa0\x80", "\"\uFFFD\uFFFD\uFFFD\""},
  };
  for (const Case& row : cases) {
    CAPTURE(row.name);
    CHECK(as_json(row.text) == row.json);
  }
}

std::string utf8(char32_t code) {
  const auto tail = [code](int shift) { return static_cast<char>(0x80 | (code >> shift & 0x3F)); };
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800) return {static_cast<char>(0xC0 | code >> 6), tail(0)};
  if (code < 0x10000) return {static_cast<char>(0xE0 | code >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xF0 | code >> 18), tail(12), tail(6), tail(0)};
}

TEST_CASE("any bytes make JSON") {
  CHECK(rc::check(
      [](const std::string& bytes) { RC_ASSERT(nlohmann::json::accept(as_json(bytes))); }));
}

TEST_CASE("every character is read back as it was") {
  std::string all;
  for (char32_t code = 0; code <= 0x10FFFF; ++code) {
    if (code < 0xD800 || code > 0xDFFF) all += utf8(code);
  }
  CHECK((nlohmann::json::parse(as_json(all)).get<std::string>() == all));
}

}  // namespace
}  // namespace aka::report
