// The formats of one audit side by side, as docs/audit-formats/ shows them, and that the ones for
// machines are what they claim to be, whatever the texts hold.
#include <array>
#include <cstdio>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "report/format_table.h"
#include "report/world.h"
#include "support/audited.h"
#include "support/scratch_directory.h"

namespace aka::report {
namespace {

using nlohmann::json;

AuditFacts facts() {
  return {"0.1.0", "auditor.yaml", test::at("2026-11-24T05:58:58Z"), Colour::off};
}

std::string render(std::string_view format, const model::Snapshot& snapshot,
                   const AuditFacts& facts) {
  std::string text;
  REQUIRE(find_format(format) != nullptr);
  CHECK(find_format(format)->write(snapshot, facts, [&](std::string_view block) {
    text += block;
    return true;
  }));
  return text;
}

/// A key whose texts try what they can: to close tags and strings, to be no UTF-8, to be forbidden.
model::Snapshot hostile_world() {
  std::string all_bytes;
  for (int byte = 0; byte < 256; ++byte) all_bytes += static_cast<char>(byte);
  const std::string hostile = "]]>\"'</failure>&amp;&#0;\uFFFE\uFFFF\u202E" + all_bytes;
  model::Findings findings;
  for (const model::FindingKind kind : model::kFindingKinds) {
    findings.push_back({kind, model::Severity::critical, hostile, hostile, hostile, hostile, {}});
  }
  findings.back().waived = true;
  model::KeyStatus drifting;
  drifting.state = model::State::drift;
  drifting.findings = std::make_shared<const model::Findings>(findings);
  model::KeyStatus failed;
  failed.state = model::State::error;
  failed.reason = model::Reason::invalid_body;
  failed.message = std::make_shared<const std::string>(hostile);
  model::KeyStatus held = failed;  // found before, and not to be judged now
  held.findings = drifting.findings;
  model::Key key = test::key({});
  key.owner = std::make_shared<const std::string>(hostile);
  return test::snapshot_of(
      {test::organization_of("prod", test::kOrganization, {key, key, test::absent_key()})},
      {drifting, failed, held});
}

/// What check_formats.py says of them.
std::string complaints(const std::vector<std::pair<std::string, std::string>>& files) {
  const testing::ScratchDirectory scratch;
  const std::string here = std::string(AKA_SOURCE_DIR) + "/tests/report";
  std::string command =
      fmt::format("python3 '{0}/check_formats.py' '{0}/data/sarif/sarif-2.1.0-rtm.5.json'", here);
  for (const auto& [name, text] : files)
    command += fmt::format(" '{}'", scratch.write(name, text).string());
  std::FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  std::string said;
  std::array<char, 4096> buffer{};
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), pipe))
    said.append(buffer.data(), count);
  const int status = ::pclose(pipe);
  return status == 0 ? said : fmt::format("status {}: {}", status, said);
}

TEST_CASE("docs/audit-formats shows one audit in every format") {
  const model::Snapshot world = test::small_world();
  const std::vector<std::pair<std::string, std::string>> files{{"text", "audit.txt"},
                                                               {"json", "audit.json"},
                                                               {"junit", "audit.junit.xml"},
                                                               {"sarif", "audit.sarif"}};
  REQUIRE(files.size() == formats().size());
  for (const auto& [format, file] : files) {
    CAPTURE(format);
    const std::string text = render(format, world, facts());
    CHECK(text == test::golden("docs/audit-formats/" + file, text));
  }
}

TEST_CASE("SARIF fits the official schema, and JUnit is XML that counts right") {
  const model::Snapshot nothing = test::snapshot_of({}, {});
  AuditFacts directory = facts();
  directory.config_path = "/etc/atlas key-auditor/conf.d\x01%/";
  std::vector<std::pair<std::string, std::string>> files;
  const auto add = [&](const std::string& name, const model::Snapshot& world,
                       const AuditFacts& with) {
    files.emplace_back(name + ".sarif", render("sarif", world, with));
    files.emplace_back(name + ".xml", render("junit", world, with));
  };
  add("small", test::small_world(), facts());
  add("hostile", hostile_world(), directory);
  add("nothing", nothing, {});
  CHECK(complaints(files) == "");
}

TEST_CASE("what check_formats.py looks for it finds") {
  CHECK(complaints({{"a.sarif", R"({"version": "2.1.0", "runs": [{"results": []}]})"}}) != "");
  CHECK(complaints({{"a.xml", R"(<testsuites tests="2" failures="0" errors="0" skipped="0"/>)"}}) !=
        "");
}

TEST_CASE("SARIF has a result for each finding, and a notification for what was not judged") {
  const json run = json::parse(render("sarif", test::small_world(), facts()))["runs"][0];
  CHECK(run["results"].size() == 8);
  CHECK(run["results"][7]["ruleId"] == "unmanaged_key");
  const json& notifications = run["invocations"][0]["toolExecutionNotifications"];
  REQUIRE(notifications.size() == 4);
  CHECK(notifications[3]["descriptor"]["id"] == "unread_list");
  CHECK(run["invocations"][0]["executionSuccessful"] == false);
  CHECK(run["invocations"][0]["exitCode"] == 2);
  std::size_t suppressed = 0;
  for (const json& result : run["results"]) {
    CHECK(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "auditor.yaml");
    if (result["suppressions"].empty()) continue;
    ++suppressed;
    CHECK(result["suppressions"][0]["justification"] ==
          "waived until 2027-01-31T00:00:00Z (SEC-7): migration");
  }
  CHECK(suppressed == 1);
}

TEST_CASE("a result of SARIF is recognised in the next run, though its texts changed") {
  const auto fingerprint = [](const std::string& actual) {
    model::KeyStatus status;
    status.state = model::State::drift;
    status.findings = std::make_shared<const model::Findings>(
        model::Findings{{model::FindingKind::description_mismatch, {}, "", "", "", actual, {}}});
    const auto world = test::snapshot_of(
        {test::organization_of("prod", test::kOrganization, {test::key({})})}, {status});
    return json::parse(render("sarif", world, {}))["runs"][0]["results"][0]["partialFingerprints"];
  };
  CHECK(fingerprint("a") == fingerprint("b"));
  CHECK(fingerprint("a")["finding/v1"] ==
        "5f1a2b3c4d5e6f7a8b9c0d1e/64aa11bb22cc33dd44ee55f1/description_mismatch/");
}

TEST_CASE("a writer stops when its reader is gone") {
  for (const Format& format : formats()) {
    CAPTURE(format.name);
    CHECK_FALSE(format.write(test::small_world(), facts(), [](std::string_view) { return false; }));
  }
}

}  // namespace
}  // namespace aka::report
