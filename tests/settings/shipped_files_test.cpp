// The files under config/: each loads, and full.yaml shows every setting there is.
#include <fstream>
#include <regex>
#include <sstream>

#include <doctest/doctest.h>

#include "settings/loaded.h"

namespace aka::settings {
namespace {

namespace fs = std::filesystem;

const fs::path kShipped = fs::path(AKA_SOURCE_DIR) / "config";

std::string content(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST_SUITE("shipped configurations") {
  TEST_CASE("each loads without an error") {
    int files = 0;
    for (const auto& entry : fs::directory_iterator(kShipped)) {
      if (entry.path().extension() != ".yaml") continue;
      const Loaded loaded = load_path(entry.path(), kShipped);
      CAPTURE(loaded.report);
      CHECK(loaded.usable);
      CHECK(loaded.settings.roster.key_count > 0);
      ++files;
    }
    CHECK(files >= 3);
  }

  TEST_CASE("the small start loads without a warning") {
    CHECK(load_path(kShipped / "auditor.yaml", kShipped).report.empty());
    CHECK(load_path(kShipped / "multi-organization.yaml", kShipped).report.empty());
  }

  TEST_CASE("full.yaml shows the defaults") {
    const Settings full = load_path(kShipped / "full.yaml", kShipped).settings;
    const Settings usual;
    CHECK(full.atlas.base_url.origin == usual.atlas.base_url.origin);
    CHECK(full.atlas.base_url.target == usual.atlas.base_url.target);
    CHECK(full.atlas.api == usual.atlas.api);
    CHECK(full.atlas.timeout == usual.atlas.timeout);
    CHECK(full.atlas.ca_file == usual.atlas.ca_file);
    CHECK(full.atlas.proxy == usual.atlas.proxy);
    CHECK(full.atlas.connections == usual.atlas.connections);
    CHECK(full.atlas.rate_limit == usual.atlas.rate_limit);
    CHECK(full.schedule.interval == usual.schedule.interval);
    CHECK(full.schedule.jitter == doctest::Approx(usual.schedule.jitter));
    CHECK(full.schedule.stale_after == usual.schedule.stale_after);
    CHECK(full.schedule.confirm == usual.schedule.confirm);
    CHECK(full.schedule.recheck == usual.schedule.recheck);
    CHECK(full.web.listen == usual.web.listen);
    CHECK(full.web.config_file == usual.web.config_file);
    CHECK(full.web.lifecycle == usual.web.lifecycle);
    CHECK(full.store.path == usual.store.path);
    CHECK(full.store.retention == usual.store.retention);
    CHECK(full.log.level == usual.log.level);
    CHECK(full.log.format == usual.log.format);
    REQUIRE_FALSE(full.roster.organizations.empty());
    CHECK(full.roster.organizations[0].interval == usual.schedule.interval);
    CHECK(full.roster.organizations[0].fetch == model::Organization().fetch);
    CHECK(full.roster.organizations[0].discover == model::Organization().discover);
  }

  TEST_CASE("full.yaml shows every setting of every mapping") {
    // A setting that nothing resembles makes the reader list the ones it knows.
    const std::string bogus = "qqqqqqqqqqqqqqqqqqqqqqqq: 1";
    const std::string id = "5f1a2b3c4d5e6f7a8b9c0d1e";
    const Loaded loaded = load_text(
        "version: 1\n" + bogus + "\natlas: {rate_limit: {" + bogus + "}, " + bogus +
        "}\nschedule: {" + bogus + "}\nweb: {" + bogus + "}\nstore: {" + bogus + "}\nlog: {" +
        bogus + "}\npolicies:\n  p: {description: {" + bogus + "}, roles: {" + bogus +
        "}, severity: {" + bogus + "}, " + bogus + "}\norganizations:\n  - " + bogus +
        "\n    id: " + id + "\n    keys: [{waivers: [{" + bogus + "}], " + bogus + "}]\n");
    const std::string full = content(kShipped / "full.yaml");
    const std::regex known("it knows ([^\n]*)");
    int mappings = 0;
    for (std::sregex_iterator match(loaded.report.begin(), loaded.report.end(), known), end;
         match != end; ++match, ++mappings) {
      std::istringstream names((*match)[1].str());
      for (std::string name; std::getline(names >> std::ws, name, ',');) {
        // These are accepted, but they say nothing: such a key has no policy.
        if (name == "unmanaged_key" || name == "key_present") continue;
        CAPTURE(name);
        CHECK(std::regex_search(full, std::regex("(^|[\\s{,])" + name + ":")));
      }
    }
    CHECK(mappings == 14);
  }
}

}  // namespace
}  // namespace aka::settings
