// docs/metrics.md against a live page, both ways: each family with its type and labels.
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "metrics/alert_lines.h"
#include "metrics/daemon_metrics.h"
#include "metrics/page.h"
#include "metrics/world.h"

namespace aka::metrics {
namespace {

struct Documented {
  std::string type;
  std::set<std::string> labels;
  std::string query;
};

std::set<std::string> quoted_words(const std::string& text) {
  static const std::regex kQuoted("`([^`]*)`");
  std::set<std::string> words;
  for (std::sregex_iterator word(text.begin(), text.end(), kQuoted), end; word != end; ++word) {
    words.insert((*word)[1]);
  }
  return words;
}

/// The rows "| `name` | type | labels | meaning | `query` |".
std::map<std::string, Documented> documented() {
  static const std::regex kRow(R"(\| `(\w+)` \| (\w+) \|([^|]*)\| [^|]+ \| `([^`|]+)` \|)");
  std::ifstream file(AKA_SOURCE_DIR "/docs/metrics.md");
  std::map<std::string, Documented> rows;
  for (std::string line; std::getline(file, line);) {
    std::smatch match;
    if (std::regex_match(line, match, kRow)) {
      CHECK(rows.emplace(match[1], Documented{match[2], quoted_words(match[3]), match[4]}).second);
    } else {
      CHECK_MESSAGE(!line.starts_with("| `"), "not a row: " << line);
    }
  }
  return rows;
}

std::map<std::string, testing::FamilyText> exported() {
  const testing::World world = testing::full_world();
  const model::Snapshot snapshot = world.snapshot();
  DaemonMetrics metrics({"1.2.3", "0123abcd", "g++ 12.2.0"});
  metrics.configure(*snapshot.roster);
  metrics.set_shard(2, 4);
  metrics.set_sinks({"webhook:soc"});
  metrics.journal_committed(7, std::string(64, 'a'), 7);
  incident::Alert alert;
  for (const char* label : {"alertname", "severity", "org_id", "org", "key_id", "key", "kind",
                            "role", "project_id", "owner", "sink"}) {
    alert.labels.emplace(label, "x");
  }
  std::string alerts;
  AlertLines({std::make_shared<const incident::Alert>(alert)}, {})
      .write([&](std::string_view block) {
        alerts += block;
        return true;
      });
  return testing::Page(testing::render(snapshot) + metrics.render() + alerts).families();
}

std::set<std::string> label_names(const testing::FamilyText& family) {
  std::set<std::string> names;
  for (const auto& [sample, series] : family.series) {
    for (const auto& [labels, value] : series) {
      for (const auto& [name, text] : labels) names.insert(name);
    }
  }
  names.erase("le");
  return names;
}

TEST_CASE("every exported metric is documented with its type and labels, and the reverse") {
  const auto page = exported();
  const auto rows = documented();
  for (const auto& [name, family] : page) {
    CAPTURE(name);
    REQUIRE(rows.contains(name));
    CHECK(rows.at(name).type == family.type);
    CHECK(rows.at(name).labels == label_names(family));
  }
  for (const auto& [name, row] : rows) {
    CAPTURE(name);
    CHECK(page.contains(name));
  }
}

TEST_CASE("every documented example is a query that Prometheus reads, and uses its metric") {
  std::string rules = "groups: [{name: examples, rules: [\n";
  for (const auto& [name, row] : documented()) {
    CHECK(row.query.find(name) != std::string::npos);
    rules += "{record: 'example:" + name + "', expr: '" + row.query + "'},\n";
  }
  rules += "]}]\n";
  const std::string said = testing::run_on("promtool check rules /dev/stdin", rules);
  CHECK_MESSAGE(said.find("SUCCESS") != std::string::npos, said);
}

}  // namespace
}  // namespace aka::metrics
