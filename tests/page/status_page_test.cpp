// The status page as a whole.
#include "page/status_page.h"

#include <chrono>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <rapidcheck.h>

#include "page/watched.h"
#include "report/world.h"

namespace aka::page {
namespace {

using model::FindingKind;
using model::Severity;
using testing::count_of;
using testing::finding;
using testing::holds;
using testing::judged;
using testing::key_named;

std::string page_with(const std::string& actual, const std::string& message = "why",
                      const std::string& owner = "platform") {
  return testing::status_page(testing::snapshot(
      {key_named("ci", 1, owner), key_named("refused", 2)},
      {judged({finding(FindingKind::description_mismatch, Severity::info, "", "ci", actual)}),
       testing::failed(model::State::forbidden, model::Reason::denied, message)}));
}

TEST_CASE("a finding is shown with what is, what should be, and what to do") {
  const std::string page = testing::status_page(testing::snapshot(
      {key_named("ci", 1)}, {judged({finding(FindingKind::role_forbidden, Severity::critical,
                                             "ORG_OWNER", "no *_OWNER", "ORG_OWNER")})}));
  CHECK(holds(page, "<h1 class=\"critical\">1 open finding on 1 key</h1>"));
  CHECK(holds(page, "<code>no *_OWNER</code>"));
  CHECK(holds(page, "<code>ORG_OWNER</code>"));
  CHECK(holds(page, "owner platform"));
  CHECK(holds(page, "3 h ago"));
  CHECK(holds(page,
              "<code>atlas organizations apiKeys assign 64aa11bb22cc33dd44ee0001 --orgId "
              "5f1a2b3c4d5e6f7a8b9c0d1e --role ORG_READ_ONLY</code>"));
  CHECK(holds(page, R"(href="/keys/5f1a2b3c4d5e6f7a8b9c0d1e/64aa11bb22cc33dd44ee0001")"));
}

TEST_CASE("whatever a description, a message or an owner holds, the page keeps its shape") {
  const std::string skeleton = testing::skeleton_of(page_with("x", "why", "somebody"));
  CHECK(rc::check([&](const std::vector<unsigned char>& bytes) {
    std::string text(bytes.begin(), bytes.end());
    text += "<script>\"'>";
    RC_ASSERT(testing::skeleton_of(page_with(text, text, text)) == skeleton);
  }));
}

TEST_CASE("the search and the choices stand in the form again") {
  Filter filter;
  filter.search = "\"><b>";
  filter.standing = Standing::stale;
  const std::string page =
      testing::status_page(testing::snapshot({key_named("ci", 1)}, {judged()}), filter);
  CHECK(holds(page, R"(value="&quot;&gt;&lt;b&gt;")"));
  CHECK(holds(page, R"(<option value="stale" selected>)"));
  CHECK(holds(page, "No key fits this filter."));
}

TEST_CASE("pages of keys link to each other and keep the filter") {
  std::vector<model::Key> keys;
  for (int i = 0; i < 350; ++i) keys.push_back(key_named(fmt::format("k{}", i), i));
  const model::Snapshot snapshot =
      testing::snapshot(std::move(keys), std::vector<model::KeyStatus>(350, judged()));
  Filter filter;
  filter.owner = "platform";
  filter.page = 2;
  const std::string page = testing::status_page(snapshot, filter);
  CHECK(holds(page, R"(<a rel="prev" href="/?owner=platform">)"));
  CHECK(holds(page, R"(<a rel="next" href="/?owner=platform&amp;page=3">)"));
  CHECK(holds(page, "101 to 200 of 350 keys, page 2 of 4"));
  CHECK(count_of(page, "<tr id=\"k-") == 100);
}

TEST_CASE("alerts of the daemon and of organizations are told, those of keys are counted") {
  const auto alert = [](incident::AlertName name, incident::Labels labels, std::string summary) {
    incident::Alert made;
    made.name = name;
    made.labels = std::move(labels);
    made.summary = std::move(summary);
    return std::make_shared<const incident::Alert>(made);
  };
  const std::string page = testing::status_page(
      testing::snapshot({key_named("ci", 1)},
                        {judged({finding(FindingKind::role_missing, Severity::warning, "A")})}),
      {},
      {alert(incident::AlertName::key_drift, {{"key_id", "64aa11bb22cc33dd44ee0001"}}, "drift!"),
       alert(incident::AlertName::org_unreachable, {{"org", "acme"}}, "nobody <answers>")});
  CHECK(holds(page, "1 × <code>AtlasKeyDrift</code>"));
  CHECK(holds(page, "alert firing"));
  CHECK_FALSE(holds(page, "drift!"));
  CHECK(holds(page, "nobody &lt;answers&gt;"));
}

TEST_CASE("the small world: waivers with what is left, unlisted keys, organizations") {
  model::Snapshot snapshot = test::small_world();
  const std::string page = testing::status_page(snapshot);
  CHECK(holds(page, "3 waivers"));
  CHECK(holds(page, "67 days"));
  CHECK(holds(page, "SEC-7"));
  CHECK(holds(page, "A key exists that the configuration does not list"));
  CHECK(holds(page, "legacy &lt;deployer&gt;"));
  CHECK(holds(page, R"(data-label="requests left">97<)"));
  CHECK(holds(page, "the credential &#39;test&#39;") == false);  // stands on the key's own page
}

TEST_CASE("10,000 keys make a page that is as small as that of 100") {
  std::vector<model::Key> keys;
  std::vector<model::KeyStatus> statuses;
  for (int i = 0; i < 10'000; ++i) {
    keys.push_back(key_named(fmt::format("key-{}", i), i));
    statuses.push_back(judged({finding(FindingKind::role_forbidden, Severity::critical, "ORG_OWNER",
                                       "no *_OWNER", "ORG_OWNER")}));
  }
  const model::Snapshot snapshot = testing::snapshot(std::move(keys), statuses);
  const std::string page = testing::status_page(snapshot);
  CHECK(count_of(page, "<article") == 100);
  CHECK(page.size() < 400'000);
}

TEST_CASE("a reader that is gone ends the page") {
  std::vector<model::Key> keys;
  for (int i = 0; i < 100; ++i) keys.push_back(key_named(fmt::format("k{}", i), i));
  const StatusView view{
      testing::snapshot(
          std::move(keys),
          std::vector<model::KeyStatus>(
              100, judged({finding(FindingKind::role_missing, Severity::info, "A")}))),
      {},
      {},
      {}};
  int blocks = 0;
  CHECK_FALSE(write_status_page(view, [&](std::string_view) { return ++blocks < 1; }));
  CHECK(blocks == 1);
}

}  // namespace
}  // namespace aka::page
