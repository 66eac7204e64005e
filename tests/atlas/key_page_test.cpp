// Lists of keys and the caller's own key: what is read, what is refused, where a list ends.
#include "atlas/key_page.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "atlas/key_parser.h"
#include "support/audited.h"

namespace aka::atlas {
namespace {

const auto kOwn = model::OrganizationId::parse(test::kOrganization).value();

std::string key_text(std::size_t number) {
  return fmt::format(
      R"({{"desc":"key {0}","id":"64aa11bb22cc33dd{0:08x}","links":[{{"rel":"next"}}],)"
      R"("privateKey":"********-****-****-0a1b2c3d4e5f","publicKey":"abcdwxyz","roles":[)"
      R"({{"orgId":"5f1a2b3c4d5e6f7a8b9c0d1e","roleName":"ORG_MEMBER"}}]}})",
      number);
}

std::string results(std::size_t count) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < count; ++i) texts.push_back(key_text(i));
  return fmt::format(R"("results":[{}])", fmt::join(texts, ","));
}

std::string links(std::string_view relation) {
  return fmt::format(R"("links":[{{"href":"https://x/1","rel":"self"}},{{"href":7,"rel":"{}"}}])",
                     relation);
}

std::string page_problem(std::string_view text) {
  const auto page = parse_key_page(text, kOwn);
  return page ? "" : page.error();
}

TEST_SUITE("parse_key_page") {
  TEST_CASE("each key of a page is what it is when asked for by itself") {
    const auto page = parse_key_page("{" + links("next") + "," + results(3) + "}", kOwn);
    REQUIRE(page.has_value());
    REQUIRE(page->keys.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) CHECK(page->keys[i] == *parse_key(key_text(i), kOwn));
    CHECK_FALSE(page->last);
  }

  TEST_CASE("a list ends with the page that names no next one, or that is empty") {
    struct Row {
      std::string text;
      bool last;
    };
    const std::vector<Row> rows{
        {"{" + results(3) + "," + links("next") + R"(,"totalCount":9})", false},
        {"{" + results(3) + "," + links("previous") + R"(,"totalCount":9})", true},
        {"{" + results(kKeysPerPage) + "," + links("previous") + "}", true},
        {"{" + results(kKeysPerPage) + "}", false},
        {"{" + results(kKeysPerPage - 1) + "}", true},
        {"{" + results(kKeysPerPage) + R"(,"links":null})", false},
        {R"({"links":[],"results":[]})", true},
        {"{" + results(0) + "," + links("next") + "}", true},
    };
    for (const Row& row : rows) {
      CAPTURE(row.text.substr(0, 80));
      const auto page = parse_key_page(row.text, kOwn);
      REQUIRE(page.has_value());
      CHECK(page->last == row.last);
    }
  }

  TEST_CASE("members that are not known are passed over, whatever they hold") {
    const auto page = parse_key_page(
        R"({"status":200,"more":{"results":[1],"links":[{"rel":"next"}]},"links":["x",[{"rel":)"
        R"("next"}],{"rel":5,"to":{"rel":"next"}}],"results":[)" +
            key_text(1) + "]}",
        kOwn);
    REQUIRE(page.has_value());
    CHECK(page->keys.size() == 1);
    CHECK(page->last);
  }

  TEST_CASE("a page of another form is refused as a whole") {
    struct Row {
      std::string text;
      std::string problem;
    };
    const std::vector<Row> rows{
        {"", "is not valid JSON (at byte 1)"},
        {"[]", "is no JSON object"},
        {"null", "is no JSON object"},
        {"{}", "has no 'results'"},
        {R"({"status":404,"content":{}})", "has no 'results'"},
        {R"({"results":null})", "has 'results' that are no list"},
        {R"({"results":{}})", "has 'results' that are no list"},
        {R"({"results":[null]})", "has a key that is no object"},
        {R"({"results":[[]]})", "has a key that is no object"},
        {R"({"results":[{"id":1}})", "is not valid JSON (at byte 21)"},
        {R"({"results":[{"id":"x]})", "is not valid JSON (at byte 23)"},
        {R"({"res\u0075lts":[{}]})", "has 'results' that are not told apart"},
        {"{" + results(2) + "," + results(2) + "}", "uses a member name twice"},
        {("{" + results(2) + "}").substr(0, 200), "is not valid JSON (at byte 201)"},
    };
    for (const Row& row : rows) {
      CAPTURE(row.text.substr(0, 120));
      CHECK(page_problem(row.text) == row.problem);
    }
  }
}

TEST_SUITE("a key of a page that cannot be read") {
  TEST_CASE("it is told with its id, if that can be read, and spoils no other") {
    const auto id = *model::KeyId::parse("64aa11bb22cc33dd44ee55f1");
    const std::string begin = R"({"id":"64aa11bb22cc33dd44ee55f1",)";
    struct Row {
      std::string text;
      UnreadableKey expected;
    };
    const std::vector<Row> rows{
        {"{}", {std::nullopt, "has no 'id'"}},
        {R"({"roles":[]})", {std::nullopt, "has no 'id'"}},
        {R"({"id":"abcdwxyz","roles":[]})",
         {std::nullopt, "has an 'id' that is not 24 hex digits"}},
        {R"({"id":7,"roles":[]})", {std::nullopt, "has a field of the wrong type"}},
        {begin + R"("desc":"]}"})", {id, "has no 'roles'"}},
        {begin + R"("roles":[1]})", {id, "has a role that is no object"}},
        {begin + R"("roles":[],"roles":[]})", {id, "uses a member name twice"}},
        {begin + R"("roles":[],"x":{"y":[}]})", {id, "is not valid JSON (at byte 55)"}},
        {begin + R"("desc":,"roles":[]})", {id, "is not valid JSON (at byte 41)"}},
        {begin + "\"desc\":\"\xff\"}", {id, "is not valid JSON (at byte 42)"}},
        {begin + "\"x\":" + std::string(70, '[') + std::string(70, ']') + "}",
         {id, "is nested too deeply"}},
        {R"({"desc":1,"to":{"id":"64aa11bb22cc33dd44ee55f2"},"id":"64aa11bb22cc33dd44ee55f1"})",
         {id, "has a field of the wrong type"}},
    };
    for (const Row& row : rows) {
      CAPTURE(row.text);
      const auto page = parse_key_page(
          "{\"results\":[" + key_text(1) + "," + row.text + "," + key_text(2) + "]}", kOwn);
      REQUIRE(page.has_value());
      CHECK(page->unreadable == std::vector{row.expected});
      CHECK(page->keys ==
            std::vector{*parse_key(key_text(1), kOwn), *parse_key(key_text(2), kOwn)});
      CHECK(page->unreadable[0].problem == parse_key(row.text, kOwn).error());
    }
  }

  TEST_CASE("it counts for the length of a page that has no links") {
    std::string text = R"({"results":[{})";
    for (std::size_t i = 1; i < kKeysPerPage; ++i) text += "," + key_text(i);
    CHECK_FALSE(parse_key_page(text + "]}", kOwn)->last);
  }
}

TEST_SUITE("parse_caller") {
  TEST_CASE("the caller's key is read with its roles, and a caller without one is none") {
    const auto key = parse_caller(
        R"({"apiKey":{"accessList":[{"cidrBlock":"10.0.0.0/8"}],"id":"64aa11bb22cc33dd44ee55f1",)"
        R"("publicKey":"abcdwxyz","roles":[{"orgId":"5f1a2b3c4d5e6f7a8b9c0d1e","roleName":)"
        R"("ORG_OWNER"}]},"appName":"MongoDB Atlas","build":"1","links":[],"throttling":false})",
        kOwn);
    REQUIRE(key.has_value());
    REQUIRE(key->has_value());
    CHECK(**key == test::record(test::roles({"ORG_OWNER"})));
    const auto none = parse_caller(R"({"apiKey":null,"appName":"MongoDB Atlas"})", kOwn);
    REQUIRE(none.has_value());
    CHECK_FALSE(none->has_value());
  }

  TEST_CASE("an answer that leaves it open is refused") {
    for (const char* text :
         {"", "[]", "{}", "7", R"({"more":{"apiKey":null}})", R"({"apiKey":7})", R"({"apiKey":[]})",
          R"({"apiKey":{"id":"64aa11bb22cc33dd44ee55f1"}})", R"({"apiKey":{"roles":[]}})"}) {
      CAPTURE(text);
      CHECK_FALSE(parse_caller(text, kOwn).has_value());
    }
  }
}

}  // namespace
}  // namespace aka::atlas
