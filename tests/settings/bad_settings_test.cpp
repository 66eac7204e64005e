// Broken configurations, each with its exact messages beside it. Directories are configurations of
// several files.
#include <algorithm>
#include <fstream>
#include <sstream>
#include <vector>

#include <doctest/doctest.h>

#include "settings/loaded.h"

namespace aka::settings {
namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<fs::path> broken_configurations() {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(fs::path(AKA_TEST_DATA) / "bad")) {
    if (entry.path().extension() != ".expected") paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  return paths;
}

TEST_SUITE("broken configurations") {
  TEST_CASE("each is told in exactly these words, and never repeats a secret") {
    const auto paths = broken_configurations();
    CHECK(paths.size() >= 100);
    for (const fs::path& path : paths) {
      CAPTURE(path.filename().string());
      const Loaded loaded = load_path(path, path.parent_path());
      auto expected = path;
      CHECK(loaded.report == content(expected.replace_extension(".expected")));
      CHECK_FALSE(loaded.usable);
      CHECK(loaded.report.find("hidden") == std::string::npos);
      CHECK(loaded.report.find("0a1b2c3d-4e5f") == std::string::npos);
    }
  }

  TEST_CASE("a path that leads to nothing is told") {
    const testing::ScratchDirectory directory;
    const Loaded loaded = load_path(directory.path() / "none.yaml", directory.path());
    CHECK(loaded.report == "none.yaml: cannot read the configuration: No such file or directory\n");
  }

  TEST_CASE("a file of more than 64 MiB is not read") {
    const testing::ScratchDirectory directory;
    const auto path = directory.write("large.yaml", "version: 1\n");
    fs::resize_file(path, 65ULL << 20);
    const Loaded loaded = load_path(path, directory.path());
    CHECK(loaded.report ==
          "large.yaml: the file has 65 MiB; at most 64 are read. Split the keys over several files "
          "of one directory\n");
  }

  TEST_CASE("many keys that are all wrong are all told") {
    std::string text = "version: 1\norganizations:\n  - keys:\n";
    for (int i = 0; i < 1000; ++i) text += "      - {id: abcdwxyz, policy: x}\n";
    const Loaded loaded = load_text(text);
    CHECK(std::ranges::count(loaded.report, '\n') > 1000);
  }
}

}  // namespace
}  // namespace aka::settings
