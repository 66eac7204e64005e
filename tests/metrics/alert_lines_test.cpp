#include "metrics/alert_lines.h"

#include <doctest/doctest.h>

namespace aka::metrics {
namespace {

incident::SharedAlert alert(const std::string& org, const std::string& role) {
  incident::Alert alert;
  alert.name = incident::AlertName::key_drift;
  alert.labels = {{"alertname", "AtlasKeyDrift"}, {"org", org}, {"role", role}};
  return std::make_shared<const incident::Alert>(alert);
}

TEST_CASE("an alert that fires is 1, one that resolved is 0, and firing again beats resolved") {
  CHECK(alert_lines({}, {}).empty());
  CHECK(
      alert_lines({alert("b", "x"), alert("a", "q\"uote\n")}, {alert("b", "x"), alert("c", "y")}) ==
      "# HELP atlas_alert_firing 1 while the alert fires, 0 for an hour after it resolved.\n"
      "# TYPE atlas_alert_firing gauge\n"
      "atlas_alert_firing{alert=\"AtlasKeyDrift\",org=\"a\",role=\"q\\\"uote\\n\"} 1\n"
      "atlas_alert_firing{alert=\"AtlasKeyDrift\",org=\"b\",role=\"x\"} 1\n"
      "atlas_alert_firing{alert=\"AtlasKeyDrift\",org=\"c\",role=\"y\"} 0\n");
}

}  // namespace
}  // namespace aka::metrics
