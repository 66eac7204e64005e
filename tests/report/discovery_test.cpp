// Keys that nobody listed, in every report.
#include <string>

#include <doctest/doctest.h>

#include "report/json.h"
#include "report/keys.h"
#include "report/summary.h"
#include "report/text.h"
#include "report/world.h"
#include "support/audited.h"

namespace aka::report {
namespace {

model::Snapshot world(std::string failure = {}) {
  model::Discovery discovery;
  discovery.last_complete = test::at("2026-11-24T05:58:00Z");
  discovery.failure = std::move(failure);
  model::UnmanagedKey key;
  key.id = model::KeyId::parse("64aa11bb22cc33dd44ee55ff").value();
  key.description = "legacy";
  key.public_key = "abcdwxyz";
  key.roles = test::roles({"ORG_OWNER"});
  key.finding.kind = model::FindingKind::unmanaged_key;
  key.finding.severity = model::Severity::warning;
  key.finding.actual = "'legacy' with ORG_OWNER";
  key.finding.since = test::at("2026-11-24T05:00:00Z");
  discovery.unmanaged.push_back(key);
  model::KeyStatus fine;
  fine.state = model::State::compliant;
  model::Snapshot snapshot = test::snapshot_of(
      {test::organization_of("prod", test::kOrganization, {test::key({})})}, {fine});
  snapshot.organizations[0].discovery = std::make_shared<const model::Discovery>(discovery);
  return snapshot;
}

std::string collected(bool (*write)(const model::Snapshot&, Page, const Sink&), Page page) {
  std::string text;
  write(world(), page, [&](std::string_view block) {
    text += block;
    return true;
  });
  return text;
}

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("an unlisted key is a finding of the summary, an unread list makes it uncertain") {
  CHECK(summarize(world()) == Summary{1, 1, 1, 0, 0});
  CHECK(exit_code(summarize(world())) == 2);
  CHECK(summarize(world("HTTP 500")).unread_lists == 1);
  CHECK(exit_code({1, 1, 0, 0, 1}) == 1);
}

TEST_CASE("the findings hold unlisted keys, and pages count them") {
  const std::string all = collected(write_findings, {});
  CHECK(holds(all, R"("key_id":"64aa11bb22cc33dd44ee55ff","key":"64aa11bb22cc33dd44ee55ff")"));
  CHECK(holds(all, R"("kind":"unmanaged_key","severity":"warning","role":null)"));
  CHECK_FALSE(holds(collected(write_findings, {1, 5}), "unmanaged_key"));
  CHECK_FALSE(holds(collected(write_findings, {0, 0}), "unmanaged_key"));
}

TEST_CASE("the status tells roles, and why a list was not read to its end") {
  const std::string status = status_document(world("HTTP 500"), {});
  CHECK(holds(status, R"("discovery":{"last_complete":"2026-11-24T05:58:00Z","error":"HTTP 500")"));
  CHECK(holds(status, R"("description":"legacy","public_key":"abcdwxyz","roles":["ORG_OWNER"])"));
}

TEST_CASE("the text lists unlisted keys and unread lists") {
  const std::string text = audit_text(world("HTTP 500"), Colour::off);
  CHECK(holds(text, "Not in the configuration\n  prod/64aa11bb22cc33dd44ee55ff  warning"));
  CHECK(holds(text, "+ 'legacy' with ORG_OWNER"));
  CHECK(holds(text, "The list of keys of prod was not read to its end"));
}

TEST_CASE("the document of an audit names each list that was not read, and none that was") {
  const auto audit_of = [](const model::Snapshot& snapshot) {
    std::string text;
    write_audit(snapshot, [&](std::string_view block) {
      text += block;
      return true;
    });
    return text;
  };
  CHECK(holds(audit_of(world("HTTP 500")),
              "\"unread_lists\":[\n{\"org_id\":\"5f1a2b3c4d5e6f7a8b9c0d1e\",\"org\":\"prod\","
              "\"error\":\"HTTP 500\"}"));
  CHECK(holds(audit_of(world()), "\"unread_lists\":[\n]"));
}

TEST_CASE("a view of an unlisted key is that of a key with its one finding") {
  const model::Snapshot snapshot = world();
  int seen = 0;
  each_unmanaged_view(snapshot, snapshot.roster->organizations[0], [&](const KeyView& view) {
    ++seen;
    CHECK(view.key.name == "64aa11bb22cc33dd44ee55ff");
    CHECK(is_judged(view.status));
    CHECK(findings_of(view.status).size() == 1);
  });
  CHECK(seen == 1);
}

}  // namespace
}  // namespace aka::report
