// A key's records as a timeline and as words.
#include "page/history.h"

#include <doctest/doctest.h>

#include "page/watched.h"
#include "support/audited.h"

namespace aka::page {
namespace {

using test::at;

journal::Record record(std::int64_t seq, std::string time, std::string type, std::string data) {
  journal::Record record;
  record.seq = seq;
  record.time = std::move(time);
  record.type = std::move(type);
  record.data = std::move(data);
  record.hash = "hash" + std::to_string(seq);
  return record;
}

const std::string kForbidden =
    R"({"kind":"role_forbidden","role":"ORG_OWNER","severity":"critical"})";
const std::string kMissing = R"({"kind":"role_missing","role":"ORG_MEMBER","severity":"warning"})";

/// Newest first, as a store gives them.
History history() {
  return {{record(7, "2026-11-24T05:00:00Z", "finding_closed", kMissing),
           record(6, "2026-11-24T04:00:00Z", "finding_waived", kForbidden),
           record(5, "2026-11-24T03:00:00Z", "state_changed",
                  R"({"from":"drift","to":"error","reason":"timeout","message":"no answer"})"),
           record(4, "2026-11-24T02:30:00Z", "finding_opened", kMissing),
           record(3, "2026-11-24T02:00:00Z", "finding_opened", kForbidden),
           record(2, "2026-11-24T02:00:00Z", "state_changed", R"({"from":"pending","to":"drift"})"),
           record(1, "2026-11-24T01:00:00Z", "finding_closed", kForbidden)},
          {}};
}

TEST_CASE("states follow each other, findings last from the first to the last open one") {
  const base::WallTime now = at("2026-11-24T06:00:00Z");
  const Timeline timeline = timeline_of(history(), now);
  CHECK(timeline.states ==
        std::vector<Span>{{at("2026-11-24T02:00:00Z"), at("2026-11-24T03:00:00Z"), "drift"},
                          {at("2026-11-24T03:00:00Z"), now, "error"}});
  CHECK(timeline.findings ==
        std::vector<Span>{{at("2026-11-24T02:00:00Z"), at("2026-11-24T05:00:00Z"), "findings"}});
}

TEST_CASE("records are told in words") {
  const auto told = [](std::string type, std::string data) {
    return tale_of(record(1, "", std::move(type), std::move(data)));
  };
  CHECK(told("state_changed",
             R"({"from":"drift","to":"error","reason":"timeout","message":"late"})") ==
        "drift → error/timeout: late");
  CHECK(told("finding_opened", kForbidden) == "role_forbidden ORG_OWNER (critical)");
  CHECK(
      told(
          "alert_sent",
          R"({"labels":{"alertname":"AtlasKeyDrift","kind":"role_missing","role":"A"},"sink":"slack:x"})") ==
      "AtlasKeyDrift role_missing A to slack:x");
  CHECK(told("alert_resolved", R"({"labels":{"alertname":"AtlasKeyStale"},"cause":"evidence"})") ==
        "AtlasKeyStale, by evidence");
  CHECK(told("key_added", R"({"org":"acme","key":"ci"})") == "acme/ci");
  CHECK(told("journal_recovered", R"({"lost":3})") == R"({"lost":3})");
  CHECK(told("state_changed", "no json") == " → ");
}

TEST_CASE("the table has every hash, and escapes what it tells") {
  History one{{record(5, "2026-11-24T03:00:00Z", "state_changed",
                      R"({"from":"a","to":"error","message":"<script>"})")},
              {}};
  std::string page;
  Html html(page);
  put_history(html, one, at("2026-11-24T06:00:00Z"));
  CHECK(testing::holds(page, "hash5"));
  CHECK(testing::holds(page, "&lt;script&gt;"));
  CHECK_FALSE(testing::holds(page, "<script>"));
}

TEST_CASE("a journal that cannot be read is told, and an empty one") {
  std::string page;
  Html html(page);
  put_history(html, {{}, "disk on fire"}, {});
  CHECK(testing::holds(page, "cannot be read: disk on fire"));
  put_history(html, {}, {});
  CHECK(testing::holds(page, "no record of this key yet"));
}

}  // namespace
}  // namespace aka::page
