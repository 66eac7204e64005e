#include "simulator/json_tree.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace aka::simulator;

TEST_SUITE("simulator JSON") {
  TEST_CASE("a tree is written as it was read") {
    const std::string text =
        R"({"a":[1,-2,1.5,true,false,null,"x\"y\\z\u000a"],"b":{"c":{}},"d":[],"e":"ü"})";
    const auto tree = read_json(text, "f");
    REQUIRE(tree);
    CHECK(write_json(*tree) == text);
  }

  TEST_CASE("every object and array knows where it stands") {
    const auto tree = read_json(R"({"a":[{"b":1},{"c":[{}]}]})", "f.json");
    REQUIRE(tree);
    CHECK(*tree->mark.file == "f.json#");
    const auto& list = *tree->find("a");
    CHECK(*list.mark.file == "f.json#/a");
    CHECK(*list.items[0].mark.file == "f.json#/a/0");
    CHECK(*list.items[0].find("b")->mark.file == "f.json#/a/0");
    CHECK(*list.items[1].find("c")->items[0].mark.file == "f.json#/a/1/c/0");
  }

  TEST_CASE("text and numbers are told apart") {
    const auto tree = read_json(R"(["1",1])", "f");
    REQUIRE(tree);
    CHECK(tree->items[0].quoted);
    CHECK_FALSE(tree->items[1].quoted);
  }

  TEST_CASE("what is no good JSON says so") {
    struct Row {
      std::string text, error;
    };
    const std::vector<Row> rows{
        {R"({"a":{"b":1,"b":2}})", "f#/a: the member 'b' is given twice"},
        {std::string(65, '['), "f: nested deeper than 64 levels"},
    };
    for (const Row& row : rows) {
      const auto tree = read_json(row.text, "f");
      REQUIRE_FALSE(tree);
      CHECK(tree.error().message == row.error);
    }
    for (const auto* const text : {"", "{", "[1,]", "{} x", "\"\xff\""}) {
      CAPTURE(text);
      const auto tree = read_json(text, "f");
      REQUIRE_FALSE(tree);
      CHECK(tree.error().message.starts_with("f: this is not JSON: "));
    }
  }

  TEST_CASE("a merge patch changes, adds and removes") {
    CHECK(merge_patch(R"({"a":1,"b":{"c":2}})", R"({"a":null,"b":{"d":3}})") ==
          R"({"b":{"c":2,"d":3}})");
    CHECK(merge_patch("<html>", "{}") == "<html>");
  }
}
