// Evidence as files.
#include "evidence/formats.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "evidence/told.h"

namespace aka::evidence {
namespace {

using journal::RecordType;
using testing::at;
using testing::Chain;

Evidence hostile() {
  Chain chain;
  chain.add("2026-11-01T00:00:00Z", RecordType::start, R"({"version":"1"})");
  chain.key("2026-11-01T00:00:00Z", RecordType::key_added,
            R"({"org":"acme","key":"<script>alert(1)</script>","owner":"\"><img src=x>"})");
  chain.key(
      "2026-11-01T01:00:00Z", RecordType::finding_waived,
      R"({"kind":"role_forbidden","role":"<b>","severity":"critical","reason":"<i>","ticket":"SEC-7","until":"2026-12-31T00:00:00Z"})");
  return chain.evidence({at("2026-11-01T00:00:00Z"), at("2026-12-01T00:00:00Z")},
                        "2026-11-01T01:20:00Z");
}

TEST_CASE("the file is whole by itself and shows markup as text") {
  const std::string html = to_html(hostile());
  const auto holds = [&](std::string_view part) { return html.find(part) != std::string::npos; };
  CHECK(holds("&lt;script&gt;alert(1)"));
  CHECK_FALSE(holds("<script"));
  CHECK_FALSE(holds("<img"));
  CHECK_FALSE(holds("src=\""));
  CHECK_FALSE(holds("href="));
  CHECK_FALSE(holds("url("));
  CHECK(holds("SEC-7"));
  CHECK(holds("every record verifies"));
  CHECK(holds("journal verify --config"));
  CHECK(holds("There is no gap"));
}

TEST_CASE("the JSON holds the same facts") {
  const auto read = nlohmann::json::parse(to_json(hostile()));
  CHECK(read.at("from") == "2026-11-01T00:00:00Z");
  CHECK(read.at("chains").at(0).at("verified") == true);
  CHECK(read.at("chains").at(0).at("head_seq") == 3);
  CHECK(read.at("keys").at(0).at("key") == "<script>alert(1)</script>");
  CHECK(read.at("findings").at(0).at("waived").at(0).at("ticket") == "SEC-7");
  CHECK(read.at("findings").at(0).at("closed").is_null());
  CHECK(read.at("findings").at(0).at("exposed_seconds") == 0);
  CHECK(read.at("coverage").at(0).at("covered_per_mille") == 1000);
}

}  // namespace
}  // namespace aka::evidence
