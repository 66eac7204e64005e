// The reader alone: places, kinds, aliases, and keys that leave as they are read.
#include "settings/yaml_reader.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/scratch_directory.h"

namespace aka::settings {
namespace {

using base::Section;

struct Reading {
  std::optional<Section> root;
  std::vector<std::string> keys;  ///< "organization:id" in the order handed out
  std::string report;
};

Reading read(std::string_view text) {
  Reading reading;
  base::Diagnostics diagnostics;
  reading.root = read_yaml(
      "a.yaml", std::string(text),
      [&](std::size_t organization, const Section& key) {
        const Section* id = key.find("id");
        reading.keys.push_back(std::to_string(organization) + ":" +
                               (id == nullptr ? key.text : id->text));
      },
      diagnostics);
  for (const base::Diagnostic& diagnostic : diagnostics.sorted())
    reading.report += diagnostic.message + "\n";
  return reading;
}

/// The section at a path of keys.
const Section& at(const Section& root, std::initializer_list<std::string_view> path) {
  const Section* section = &root;
  for (const std::string_view key : path) section = section->find(key);
  return *section;
}

TEST_SUITE("YAML reader") {
  TEST_CASE("every value knows its line and column, counted from 1") {
    const auto reading = read("a: 1\nb:\n  - x\n  - {c: y}\nd: ~\ne:\n");
    REQUIRE(reading.root);
    const auto place = [&](const Section& section) {
      return std::pair(section.mark.line, section.mark.column);
    };
    CHECK(place(at(*reading.root, {"a"})) == std::pair<std::size_t, std::size_t>(1, 4));
    CHECK(place(at(*reading.root, {"b"}).items[1]) == std::pair<std::size_t, std::size_t>(4, 5));
    CHECK(place(at(at(*reading.root, {"b"}).items[1], {"c"})) ==
          std::pair<std::size_t, std::size_t>(4, 9));
    CHECK(place(at(*reading.root, {"e"})) == std::pair<std::size_t, std::size_t>(6, 1));
    CHECK(at(*reading.root, {"d"}).kind == Section::Kind::null);
    CHECK(reading.root->entries[1].mark.line == 2);
  }

  TEST_CASE("quoted text is told from plain text") {
    const auto reading = read("a: true\nb: 'true'\nc: \"x\"\nd: |\n  block\ne: !!str 5\n");
    REQUIRE(reading.root);
    CHECK_FALSE(at(*reading.root, {"a"}).quoted);
    CHECK(at(*reading.root, {"b"}).quoted);
    CHECK(at(*reading.root, {"c"}).quoted);
    CHECK(at(*reading.root, {"d"}).quoted);
    CHECK(at(*reading.root, {"d"}).text == "block\n");
    CHECK(at(*reading.root, {"e"}).quoted);
  }

  TEST_CASE("a byte order mark and Windows line ends are read over") {
    const auto reading = read(
        "\xef\xbb\xbf"
        "a: 1\r\nb: 2\r\n");
    REQUIRE(reading.root);
    CHECK(at(*reading.root, {"a"}).text == "1");
    CHECK(at(*reading.root, {"b"}).text == "2");
  }

  TEST_CASE("keys of organizations are handed out and not kept") {
    const auto reading = read(
        "organizations:\n"
        "  - keys: [{id: a}, {id: b}]\n"
        "    name: first\n"
        "  - name: second\n"
        "    keys:\n      - id: c\n      - d\n");
    REQUIRE(reading.root);
    CHECK(reading.keys == std::vector<std::string>{"0:a", "0:b", "1:c", "1:d"});
    const Section& organizations = at(*reading.root, {"organizations"});
    REQUIRE(organizations.items.size() == 2);
    CHECK(at(organizations.items[0], {"keys"}).kind == Section::Kind::sequence);
    CHECK(at(organizations.items[0], {"keys"}).items.empty());
    CHECK(at(organizations.items[1], {"name"}).text == "second");
  }

  TEST_CASE("lists called keys elsewhere are kept") {
    const auto reading = read("organizations:\n  - other: [{keys: [{id: a}]}]\nkeys: [{id: b}]\n");
    REQUIRE(reading.root);
    CHECK(reading.keys.empty());
    CHECK(at(*reading.root, {"keys"}).items.size() == 1);
  }

  TEST_CASE("an alias repeats its value wherever it stands, a list of keys too") {
    const auto reading = read(
        "organizations:\n"
        "  - keys: &list\n      - &one {id: a}\n      - {id: b}\n"
        "  - keys: *list\n"
        "  - keys: [{id: c}, *one]\n");
    REQUIRE(reading.root);
    CHECK(reading.report.empty());
    // Lists that an alias may repeat are handed out at the end.
    CHECK(reading.keys == std::vector<std::string>{"2:c", "2:a", "0:a", "0:b", "1:a", "1:b"});
  }

  TEST_CASE("keys inside an organization that is repeated are handed out for both") {
    const auto reading = read("organizations:\n  - &o {keys: [{id: a}]}\n  - *o\n");
    CHECK(reading.keys == std::vector<std::string>{"0:a", "1:a"});
  }

  TEST_CASE("the second of two lists of keys is dropped and told") {
    const auto reading = read("organizations:\n  - {keys: [{id: a}], keys: [{id: b}]}\n");
    CHECK(reading.keys == std::vector<std::string>{"0:a"});
    CHECK(reading.report.find("'keys' stands twice") != std::string::npos);
  }

  TEST_CASE("a key that repeats is found in a mapping of any size") {
    std::string text;
    for (int i = 0; i < 1000; ++i) text += "k" + std::to_string(i) + ": 1\n";
    CHECK(read(text).report.empty());
    CHECK(read(text + "k5: 1\n").report.find("first at line 6, column 1") != std::string::npos);
    CHECK(read(text + "k999: 1\n").report.find("first at line 1000") != std::string::npos);
  }
}

}  // namespace
}  // namespace aka::settings
