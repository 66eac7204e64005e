// Times in words.
#include "page/words.h"

#include <doctest/doctest.h>

#include "support/audited.h"

namespace aka::page {
namespace {

using namespace std::chrono_literals;
using test::at;

TEST_CASE("a duration is told in one unit") {
  CHECK(rough(59s) == "less than a minute");
  CHECK(rough(60s) == "1 min");
  CHECK(rough(59min + 59s) == "59 min");
  CHECK(rough(1h) == "1 h");
  CHECK(rough(47h + 59min) == "47 h");
  CHECK(rough(48h) == "2 days");
}

TEST_CASE("an instant is told from now") {
  const base::WallTime now = at("2026-11-24T06:00:00Z");
  CHECK(ago({}, now).html == "never");
  CHECK(ago(at("2026-11-24T05:57:00.500Z"), now).html ==
        R"(<time datetime="2026-11-24T05:57:00Z" title="2026-11-24T05:57:00Z">2 min ago</time>)");
  CHECK(ago(at("2026-11-24T05:59:59Z"), now).html.find(">just now<") != std::string::npos);
  CHECK(ahead({}, now).html == "unknown");
  CHECK(ahead(at("2026-11-24T06:05:00Z"), now).html.find(">in 5 min<") != std::string::npos);
  CHECK(ahead(at("2026-11-24T06:00:00Z"), now).html.find(">due<") != std::string::npos);
}

}  // namespace
}  // namespace aka::page
