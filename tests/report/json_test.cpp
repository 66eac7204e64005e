// The JSON documents: golden files, and that they are JSON whatever the texts hold.
#include "report/json.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "report/world.h"
#include "support/audited.h"

namespace aka::report {
namespace {

using nlohmann::json;

std::string collect(const std::function<bool(const Sink&)>& write) {
  std::string text;
  CHECK(write([&](std::string_view block) {
    text += block;
    return true;
  }));
  return text;
}

std::string audit_of(const model::Snapshot& snapshot) {
  return collect([&](const Sink& sink) { return write_audit(snapshot, sink); });
}

std::string keys_of(const model::Snapshot& snapshot, Page page = {}) {
  return collect([&](const Sink& sink) { return write_keys(snapshot, page, sink); });
}

std::string findings_of(const model::Snapshot& snapshot, Page page = {}) {
  return collect([&](const Sink& sink) { return write_findings(snapshot, page, sink); });
}

DaemonFacts facts() {
  DaemonFacts facts;
  facts.version = "0.1.0";
  facts.started = test::at("2026-11-24T05:30:00Z");
  facts.started_steady = base::SteadyTime(std::chrono::minutes(90));
  facts.config_path = "/etc/atlas-key-auditor/auditor.yaml";
  facts.config_loaded = test::at("2026-11-24T05:45:00Z");
  facts.reload_error = "auditor.yaml:3:1: unknown key 'polcies'";
  return facts;
}

/// 600 keys, more than one block of text and more than one chunk of statuses.
model::Snapshot large_world() {
  std::vector<model::Key> keys;
  std::vector<model::KeyStatus> statuses;
  for (int i = 0; i < 600; ++i) {
    keys.push_back(test::key({}, fmt::format("64aa11bb22cc33dd44ee{:04x}", i)));
    keys.back().name = fmt::format("key-{}", i);
    model::Findings findings(static_cast<std::size_t>(i % 3));
    for (std::size_t n = 0; n < findings.size(); ++n) findings[n].role = fmt::format("ROLE_{}", n);
    statuses.emplace_back();
    statuses.back().findings = std::make_shared<const model::Findings>(findings);
  }
  return test::snapshot_of(
      {test::organization_of("one", test::kOrganization, {keys.begin(), keys.begin() + 250}),
       test::organization_of("two", "5f1a2b3c4d5e6f7a8b9c0d1f", {keys.begin() + 250, keys.end()})},
      statuses);
}

TEST_CASE("the documents are as fixed") {
  const model::Snapshot world = test::small_world();
  struct Case {
    std::string file;
    std::string text;
  };
  const std::vector<Case> cases{
      {"docs/audit-formats/audit.json", audit_of(world)},
      {"keys.json", keys_of(world)},
      {"findings.json", findings_of(world)},
      {"status.json", status_document(world, facts())},
  };
  for (const Case& row : cases) {
    CAPTURE(row.file);
    CHECK(row.text == test::golden(row.file, row.text));
    CHECK(json::accept(row.text));
  }
}

TEST_CASE("an entry of keys has every member, absent ones null") {
  const json entry = json::parse(keys_of(test::small_world()))["data"][7];
  CHECK(entry == json::parse(R"({"org_id":"5f1a2b3c4d5e6f7a8b9c0d1f","org":"test",
    "key_id":"64aa11bb22cc33dd44ee55a3","key":"64aa11bb22cc33dd44ee55a3","policy":"inline",
    "owner":null,"state":"pending","reason":null,"http_status":null,"last_poll":null,
    "last_success":null,"findings":[]})"));
}

TEST_CASE("one key is found by its ids, or not at all") {
  const model::Snapshot world = test::small_world();
  const auto id = [](std::string_view text) { return model::KeyId::parse(text).value(); };
  const auto prod = model::OrganizationId::parse(test::kOrganization).value();
  const auto found = key_document(world, prod, id("64aa11bb22cc33dd44ee55f5"));
  REQUIRE(found.has_value());
  const json document = json::parse(*found);
  CHECK(document["status"] == "success");
  CHECK(document["data"] == json::parse(keys_of(world))["data"][4]);
  CHECK_FALSE(key_document(world, prod, id("64aa11bb22cc33dd44ee55a1")).has_value());
}

TEST_CASE("a large array leaves in blocks and is whole") {
  const model::Snapshot world = large_world();
  std::size_t blocks = 0;
  std::size_t largest = 0;
  CHECK(write_keys(world, {}, [&](std::string_view block) {
    ++blocks;
    largest = std::max(largest, block.size());
    return true;
  }));
  CHECK(blocks > 2);
  CHECK(largest < std::size_t{128} * 1024);
  const json data = json::parse(keys_of(world))["data"];
  REQUIRE(data.size() == 600);
  for (int i = 0; i < 600; ++i) {
    REQUIRE(data[static_cast<std::size_t>(i)]["key"] == fmt::format("key-{}", i));
  }
  CHECK(json::parse(findings_of(world))["data"].size() == 600);
}

TEST_CASE("a page is a part of the whole") {
  const model::Snapshot world = large_world();
  for (const bool of_findings : {false, true}) {
    const auto page_of = [&](Page page) {
      return json::parse(of_findings ? findings_of(world, page) : keys_of(world, page))["data"];
    };
    const json all = page_of({});
    for (const Page page : {Page{0, 0}, Page{0, 1}, Page{249, 3}, Page{599, 5}, Page{600, 5},
                            Page{100, 500}, Page{1000, 1}}) {
      CAPTURE(page.offset);
      json expected = json::array();
      for (std::size_t i = page.offset; i < all.size() && expected.size() < page.limit; ++i) {
        expected.push_back(all[i]);
      }
      CHECK(page_of(page) == expected);
    }
  }
}

TEST_CASE("a reader that leaves ends the writing") {
  int blocks = 0;
  CHECK_FALSE(write_keys(large_world(), {}, [&](std::string_view) {
    ++blocks;
    return false;
  }));
  CHECK(blocks == 1);
}

TEST_CASE("an error says so") {
  CHECK(error_document("no such \"key\"\n") ==
        "{\"status\":\"error\",\"error\":\"no such \\\"key\\\"\\n\"}\n");
}

}  // namespace
}  // namespace aka::report
