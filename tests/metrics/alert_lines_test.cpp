#include "metrics/alert_lines.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <utility>

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "metrics/page.h"
#include "metrics/world.h"

namespace aka::metrics {
namespace {

using incident::AlertName;
using incident::SharedAlert;
using testing::Page;

constexpr auto kFamily = "atlas_alert_firing";

/// The text; it must be as long as was said.
std::string alert_lines(std::vector<SharedAlert> firing, std::vector<SharedAlert> resolved) {
  const AlertLines lines(std::move(firing), std::move(resolved));
  std::string text;
  CHECK(lines.write([&](std::string_view block) {
    text += block;
    return true;
  }));
  CHECK(text.size() == lines.length());
  return text;
}

SharedAlert alert(AlertName name, incident::Labels labels) {
  incident::Alert alert;
  alert.name = name;
  alert.labels = std::move(labels);
  alert.labels["alertname"] = to_string(name);
  alert.summary = "free text never is a label";
  return std::make_shared<const incident::Alert>(alert);
}

SharedAlert drift(const std::string& org, const std::string& role) {
  return alert(AlertName::key_drift, {{"org", org}, {"role", role}});
}

TEST_CASE("an alert that fires is 1, one that resolved is 0, and firing again beats resolved") {
  CHECK(alert_lines({}, {}).empty());
  CHECK(alert_lines({drift("a", "q\"uote\n")}, {}) ==
        "# HELP atlas_alert_firing 1 while the alert fires, 0 for an hour after it resolved.\n"
        "# TYPE atlas_alert_firing gauge\n"
        "atlas_alert_firing{alert=\"AtlasKeyDrift\",org=\"a\",role=\"q\\\"uote\\n\"} 1\n");
  const Page page(
      alert_lines({drift("b", "x"), drift("a", "x")}, {drift("b", "x"), drift("c", "y")}));
  CHECK(page.count(kFamily) == 3);
  CHECK(page.value(kFamily, {{"org", "a"}}) == 1);
  CHECK(page.value(kFamily, {{"org", "b"}}) == 1);
  CHECK(page.value(kFamily, {{"org", "c"}}) == 0);
}

TEST_CASE("the same alerts are not looked through again, others are") {
  LastAlertLines last;
  const auto one = drift("a", "x");
  const auto other = drift("b", "x");
  const auto lines = last.of({one, other}, {});
  CHECK(last.of({one, other}, {}) == lines);
  const auto resolved = last.of({one}, {other});
  CHECK(resolved != lines);
  CHECK(resolved->length() == lines->length());
  CHECK(last.of({one}, {other}) == resolved);
}

TEST_CASE("a reader that leaves ends the lines") {
  const AlertLines lines({drift("a", "x")}, {});
  CHECK_FALSE(lines.write([](std::string_view) { return false; }));
}

/// One of every kind, with the labels that each has; half of them resolved.
std::string every_alert() {
  const incident::Labels of_org{{"severity", "warning"},
                                {"org_id", "5f1a2b3c4d5e6f7a8b9c0d1e"},
                                {"org", "prod"},
                                {"team", "security"}};
  incident::Labels of_key = of_org;
  of_key.insert({{"key_id", "64aa11bb22cc33dd44ee55f1"}, {"key", "ci"}, {"owner", "build \"1\""}});
  incident::Labels of_finding = of_key;
  of_finding.insert({{"kind", "role_forbidden"},
                     {"role", "GROUP_OWNER"},
                     {"project_id", "5f1a2b3c4d5e6f7a8b9c0d2f"}});
  std::vector<SharedAlert> firing;
  std::vector<SharedAlert> resolved;
  for (const AlertName name : incident::kAlertNames) {
    incident::Labels labels = name == AlertName::key_drift        ? of_finding
                              : name < AlertName::org_unreachable ? of_key
                              : name == AlertName::org_unreachable
                                  ? of_org
                                  : incident::Labels{{"severity", "critical"}};
    if (name == AlertName::delivery_failing) labels["sink"] = "webhook:soc";
    (firing.size() > resolved.size() ? resolved : firing).push_back(alert(name, labels));
  }
  return alert_lines(firing, resolved);
}

TEST_CASE("every alert has the line that is written down for it, and promtool is content") {
  const std::string path = AKA_TEST_DATA "/alerts.prom";
  const std::string text = every_alert();
  if (std::getenv("AKA_WRITE_GOLDEN") != nullptr) std::ofstream(path, std::ios::binary) << text;
  std::ifstream file(path, std::ios::binary);
  CHECK(text == std::string(std::istreambuf_iterator<char>(file), {}));
  CHECK(Page(text).count(kFamily) == incident::kAlertNames.size());
  CHECK(testing::promtool_complaints(text) == "");
}

TEST_CASE("a label that would break the series is left out, the others stay") {
  // All of them are names that `alerting.labels` may give, or an older store may hold.
  const std::string text = alert_lines(
      {alert(AlertName::key_stale,
             {{"alert", "mine"}, {"__name__", "up"}, {"instance", "i"}, {"key", "ci"}})},
      {});
  CHECK(Page(text).families().at(kFamily).series.at(kFamily) ==
        std::map<testing::Labels, double>{
            {{{"alert", "AtlasKeyStale"}, {"instance", "i"}, {"key", "ci"}}, 1}});
  CHECK(testing::promtool_complaints(text) == "");
}

TEST_CASE("alerts that look the same to Prometheus are one series, and the one that fires wins") {
  // An empty label is an absent one, and bytes that are no UTF-8 look alike once replaced.
  const std::vector<SharedAlert> firing{drift("a", "R\xFF"), alert(AlertName::key_stale, {})};
  const std::vector<SharedAlert> resolved{drift("a", "R\xFE"),
                                          alert(AlertName::key_stale, {{"team", ""}})};
  const Page page(alert_lines(firing, resolved));
  CHECK(page.count(kFamily) == 2);
  CHECK(page.value(kFamily, {{"role", "R\uFFFD"}}) == 1);
  CHECK(page.value(kFamily, {{"alert", "AtlasKeyStale"}}) == 1);
  CHECK(page.count(kFamily, {{"team", ""}}) == 0);
}

std::vector<SharedAlert> any_alerts() {
  std::vector<SharedAlert> alerts;
  const int count = *rc::gen::inRange(0, 6);
  for (int i = 0; i < count; ++i) {
    incident::Labels labels;
    for (const char* label : {"alert", "key", "owner", "role", "__name__"}) {
      if (*rc::gen::arbitrary<bool>()) labels[label] = *rc::gen::arbitrary<std::string>();
    }
    alerts.push_back(alert(
        incident::kAlertNames[*rc::gen::inRange<std::size_t>(0, incident::kAlertNames.size())],
        labels));
  }
  return alerts;
}

TEST_CASE("whatever the labels hold, the lines parse, and their order is not that of the alerts") {
  CHECK(rc::check([] {
    auto firing = any_alerts();
    auto resolved = any_alerts();
    const std::string text = alert_lines(firing, resolved);
    Page{text};
    std::reverse(firing.begin(), firing.end());
    std::reverse(resolved.begin(), resolved.end());
    RC_ASSERT(text == alert_lines(firing, resolved));
  }));
}

}  // namespace
}  // namespace aka::metrics
