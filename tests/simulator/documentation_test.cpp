// docs/simulator.md is tried out: its fixture, its faults, its list of effects.
#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "simulator/files.h"
#include "simulator/small_world.h"

using namespace aka::simulator;
using namespace aka::simulator::test;
using nlohmann::json;

namespace {

std::string page() { return read_file(AKA_SOURCE_DIR "/docs/simulator.md").value(); }

/// The JSON blocks of the page, in order.
std::vector<std::string> json_blocks() {
  const std::string text = page();
  const std::string fence = "```json\n";
  std::vector<std::string> blocks;
  for (auto at = text.find(fence); at != std::string::npos; at = text.find(fence, at)) {
    at += fence.size();
    blocks.push_back(text.substr(at, text.find("```", at) - at));
  }
  return blocks;
}

}  // namespace

TEST_SUITE("simulator documentation") {
  TEST_CASE("every JSON block of the page is a fixture or faults that are taken") {
    int fixtures = 0;
    int faults = 0;
    for (const std::string& block : json_blocks()) {
      CAPTURE(block);
      if (json::parse(block).contains("organizations")) {
        const auto read = parse_fixture(
            block, "page", [](const std::string&) { return aka::base::Secret("a secret"); });
        CHECK_MESSAGE(read, read.error().message);
        ++fixtures;
        continue;
      }
      StillClock clock;
      Service service(fixture(), {}, clock);
      const auto answer = service.answer(request("POST", "/sim/faults", block));
      CHECK_MESSAGE(answer.status == 201, answer.body);
      ++faults;
    }
    CHECK(fixtures == 1);
    CHECK(faults >= 1);
  }

  TEST_CASE("every effect has its row") {
    StillClock clock;
    Service service(fixture(), {}, clock);
    const auto refused = service.answer(request("POST", "/sim/faults", R"({"effect":"?"})"));
    const std::string sentence = json::parse(refused.body)["error"];
    std::string names = sentence.substr(sentence.find("are ") + 4);
    const std::string text = page();
    while (!names.empty()) {
      const std::string name = names.substr(0, names.find(", "));
      CAPTURE(name);
      CHECK(text.find("| `" + name + "` |") != std::string::npos);
      names.erase(0, name.size() + 2);
    }
  }
}
