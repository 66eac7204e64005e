// The typed reader over a settings tree.
#include "base/section.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/sections.h"

namespace aka::base {
namespace {

using testing::list;
using testing::mapping;
using testing::report;
using testing::text;

Section quoted(std::string value) {
  Section section = text(std::move(value));
  section.quoted = true;
  return section;
}

TEST_SUITE("fields") {
  TEST_CASE("values of the right type are read") {
    const Section section = mapping({{"text", text("x")},
                                     {"yes", text("true")},
                                     {"no", text("false")},
                                     {"number", text("-7")},
                                     {"duration", text("5m")},
                                     {"choice", text("b")},
                                     {"name", text("a-B.c_1")},
                                     {"url", text("https://host/path")},
                                     {"mapping", mapping({})},
                                     {"list", list({text("a")})}});
    Diagnostics diagnostics;
    Fields fields(section, "it", diagnostics);
    CHECK(fields.text("text") == "x");
    CHECK(fields.boolean("yes") == true);
    CHECK(fields.boolean("no") == false);
    CHECK(fields.integer("number", -10, 10) == -7);
    CHECK(fields.duration("duration", Duration(0), std::chrono::hours(1)) ==
          std::chrono::minutes(5));
    CHECK(fields.choice("choice", {"a", "b"}) == "b");
    CHECK(fields.name("name") == "a-B.c_1");
    CHECK(fields.url("url")->target == "/path");
    CHECK(fields.mapping("mapping") != nullptr);
    CHECK(fields.sequence("list")->items.size() == 1);
    CHECK_FALSE(fields.text("absent"));
    fields.finish();
    CHECK(report(diagnostics).empty());
  }

  TEST_CASE("values of the wrong type are told, with what they should be") {
    struct Row {
      Section value;
      void (*read)(Fields&);
      const char* message;
    };
    const std::vector<Row> rows{
        {list({}), [](Fields& f) { f.text("k"); },
         "'k' of it must be a single value, not a list\n"},
        {text("x"), [](Fields& f) { f.mapping("k"); },
         "'k' of it must be a mapping, not a single value\n"},
        {mapping({}), [](Fields& f) { f.sequence("k"); },
         "'k' of it must be a list, not a mapping\n"},
        {quoted("true"), [](Fields& f) { f.boolean("k"); },
         "'k' of it must be true or false, not 'true'\n"},
        {text("yes"), [](Fields& f) { f.boolean("k"); },
         "'k' of it must be true or false, not 'yes'\n"},
        {quoted("5"), [](Fields& f) { f.integer("k", 1, 9); },
         "'k' of it must be a whole number from 1 to 9, not '5'\n"},
        {text("10"), [](Fields& f) { f.integer("k", 1, 9); },
         "'k' of it must be a whole number from 1 to 9, not '10'\n"},
        {text("5x"), [](Fields& f) { f.integer("k", 1, 9); },
         "'k' of it must be a whole number from 1 to 9, not '5x'\n"},
        {text("99999999999999999999"), [](Fields& f) { f.integer("k", 1, 9); },
         "'k' of it must be a whole number from 1 to 9, not '99999999999999999999'\n"},
        {text("c"),
         [](Fields& f) {
           f.choice("k", {"a", "b"});
         },
         "'k' of it must be one of a, b; 'c' is none of them\n"},
        {text("2h"), [](Fields& f) { f.duration("k", Duration(1), std::chrono::hours(1)); },
         "'k' of it must be from 1ms to 1h, not 2h\n"},
        {text(""), [](Fields& f) { f.name("k"); },
         "'k' of it must be 1 to 63 of the letters a-z and A-Z, digits, '.', '_' and '-', not "
         "''\n"},
        {text("mdb_sa_sk_hidden"), [](Fields& f) { f.boolean("k"); },
         "'k' of it must be true or false, not '<secret>'\n"},
        {text("mdb_sa_sk_hidden"), [](Fields& f) { f.duration("k", Duration(0), Duration(1)); },
         "'k' of it: this is not a duration; write it like 30s or 5m\n"},
        {text("https://u:hidden@h"), [](Fields& f) { f.url("k"); },
         "'k' of it: a URL may not hold a user name or password; use the settings made for "
         "secrets\n"},
        {text("https://h/?a=1&api_key=hidden"), [](Fields& f) { f.url("k"); },
         "'k' of it: a URL may not hold a secret in its query; use the settings made for "
         "secrets\n"},
    };
    for (const Row& row : rows) {
      const Section section = mapping({{"k", row.value}});
      Diagnostics diagnostics;
      Fields fields(section, "it", diagnostics);
      row.read(fields);
      CHECK(report(diagnostics) == row.message);
    }
  }

  TEST_CASE("unknown keys are told, with the nearest known one or all of them") {
    const Section section = mapping({{"intreval", text("1")}, {"zzzzzz", text("1")}});
    Diagnostics diagnostics;
    Fields fields(section, "it", diagnostics);
    fields.text("interval");
    fields.text("jitter");
    fields.text("interval");
    fields.finish();
    CHECK(report(diagnostics) ==
          "it has no setting 'intreval'; did you mean 'interval'?\n"
          "it has no setting 'zzzzzz'; it knows interval, jitter\n");
  }

  TEST_CASE("an empty value counts as absent with a warning, or is refused") {
    const Section section = mapping({{"a", Section()}, {"b", Section()}});
    Diagnostics diagnostics;
    Fields fields(section, "it", diagnostics);
    CHECK_FALSE(fields.text("a"));
    CHECK_FALSE(fields.has_key("a"));
    fields.text("b");
    fields.finish({"b"});
    CHECK(report(diagnostics) ==
          "warning: 'a' of it is empty and counts as absent\n"
          "'b' of it is empty; give it a value or remove it\n");
  }

  TEST_CASE("what is no mapping is told once and then looks empty") {
    const Section section = list({});
    Diagnostics diagnostics;
    Fields fields(section, "it", diagnostics);
    CHECK_FALSE(fields.text("a"));
    fields.missing("a");
    fields.finish();
    CHECK(report(diagnostics) == "it must be a mapping of settings, not a list\n");
  }

  TEST_CASE("relative paths count from the file of their mark") {
    const Mark mark{std::make_shared<const std::string>("conf/a.yaml"), 1, 1};
    CHECK(path_beside(mark, "x/y") == "conf/x/y");
    CHECK(path_beside(mark, "/x/y") == "/x/y");
    CHECK(path_beside(mark, "").empty());
    CHECK(path_beside({}, "x") == "x");
    CHECK(path_beside({std::make_shared<const std::string>("a.yaml"), 1, 1}, "x") == "x");
  }
}

TEST_SUITE("nearest") {
  TEST_CASE("slips of the finger are found, other words are not") {
    const std::vector<std::string> names{"interval", "jitter", "main", "ci"};
    CHECK(nearest("intervall", names) == "interval");
    CHECK(nearest("intreval", names) == "interval");
    CHECK(nearest("mian", names) == "main");
    CHECK(nearest("cx", names) == "ci");
    CHECK_FALSE(nearest("deployer", names));
    CHECK_FALSE(nearest("", {}));
  }
}

}  // namespace
}  // namespace aka::base
