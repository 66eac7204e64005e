// The page of one key.
#include "page/key_page.h"

#include <doctest/doctest.h>

#include "page/watched.h"
#include "report/world.h"
#include "support/audited.h"

namespace aka::page {
namespace {

using model::FindingKind;
using model::Severity;
using testing::finding;
using testing::holds;
using testing::judged;
using testing::key_named;

const auto kOrg = model::OrganizationId::parse(test::kOrganization).value();

model::KeyId id(std::string_view text) { return model::KeyId::parse(text).value(); }

TEST_CASE("policy, record, difference and history stand on it") {
  const model::Snapshot snapshot = testing::snapshot(
      {key_named("ci", 1)}, {judged({finding(FindingKind::role_missing, Severity::warning,
                                             "ORG_READ_ONLY", "ORG_READ_ONLY", ""),
                                     finding(FindingKind::role_unexpected, Severity::critical,
                                             "ORG_OWNER", "", "ORG_OWNER")})});
  const auto page = key_page(snapshot, kOrg, id("64aa11bb22cc33dd44ee0001"), {}, "1.2.3");
  REQUIRE(page.has_value());
  CHECK(holds(*page, "exactly      ORG_READ_ONLY"));
  CHECK(holds(*page, R"(<span class="badge warning">missing</span> <code>ORG_READ_ONLY</code>)"));
  CHECK(holds(*page, R"(<span class="badge critical">unexpected</span> <code>ORG_OWNER</code>)"));
  CHECK(holds(*page, "What to do"));
  CHECK(holds(*page, "no record of this key yet"));
  CHECK(holds(*page, "1.2.3"));
}

TEST_CASE("why a key could not be judged is told, and that this proves nothing") {
  const model::Snapshot snapshot = testing::snapshot(
      {key_named("ci", 1)},
      {testing::failed(model::State::forbidden, model::Reason::denied, "no <access>")});
  const auto page = key_page(snapshot, kOrg, id("64aa11bb22cc33dd44ee0001"), {}, "1");
  REQUIRE(page.has_value());
  CHECK(holds(*page, "proved nothing about the key: no &lt;access&gt;"));
  CHECK(holds(*page, "403 forbidden/denied"));
  CHECK_FALSE(holds(*page, R"(class="badge good")"));
}

TEST_CASE("an unlisted key shows the record, escaped") {
  const auto page = key_page(test::small_world(), kOrg, id("64aa11bb22cc33dd44ee55ff"), {}, "1");
  REQUIRE(page.has_value());
  CHECK(holds(*page, "legacy &lt;deployer&gt;"));
  CHECK(holds(*page, "<code>ORG_OWNER</code>"));
  CHECK(holds(*page, "legacyke"));
}

TEST_CASE(
    "a key that left the configuration keeps its records; one that nobody knows has no page") {
  const model::Snapshot snapshot = testing::snapshot({key_named("ci", 1)}, {judged()});
  CHECK_FALSE(key_page(snapshot, kOrg, id("64aa11bb22cc33dd44eeffff"), {}, "1").has_value());
  journal::Record record;
  record.type = "key_removed";
  record.time = "2026-11-24T05:00:00Z";
  record.data = R"({"org":"acme","key":"old"})";
  record.hash = "abcdef";
  const auto page = key_page(snapshot, kOrg, id("64aa11bb22cc33dd44eeffff"), {{record}, {}}, "1");
  REQUIRE(page.has_value());
  CHECK(holds(*page, "A key of the past"));
  CHECK(holds(*page, "abcdef"));
  CHECK_FALSE(key_page(snapshot, model::OrganizationId::parse("5f1a2b3c4d5e6f7a8b9c0d99").value(),
                       id("64aa11bb22cc33dd44ee0001"), {}, "1")
                  .has_value());
}

}  // namespace
}  // namespace aka::page
