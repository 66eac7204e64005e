// Names, identity and the stored form of alerts.
#include "incident/alert.h"

#include <set>

#include <doctest/doctest.h>

#include "support/audited.h"

namespace aka::incident {
namespace {

TEST_CASE("every alert has a name of its own that reads back") {
  std::set<std::string_view> names;
  for (const AlertName name : kAlertNames) {
    names.insert(to_string(name));
    CHECK(parse_alert_name(to_string(name)) == name);
  }
  CHECK(names.size() == kAlertNames.size());
  CHECK_FALSE(parse_alert_name("AtlasKey"));
}

TEST_CASE("different labels have different identities, whatever they hold") {
  const std::vector<Labels> all{{},
                                {{"a", "b"}},
                                {{"a", "b\",\"c\":\"d"}},
                                {{"a", "b"}, {"c", "d"}},
                                {{"a", "b=c"}},
                                {{"a=b", "c"}},
                                {{"a", "b,c=d"}}};
  std::set<std::string> identities;
  for (const Labels& labels : all) identities.insert(identity_of(labels));
  CHECK(identities.size() == all.size());
}

TEST_CASE("an alert reads back as it was kept") {
  Alert alert;
  alert.name = AlertName::key_not_found;
  alert.labels = {{"alertname", "AtlasKeyNotFound"}, {"team", "\xc3\xa4\"\n"}};
  alert.summary = "it is gone";
  alert.description = "two\nlines";
  alert.starts_at = test::at("2026-11-24T05:00:00.123Z");
  CHECK(parse_alert(to_text(alert)) == alert);
  alert.ends_at = test::at("2026-11-24T06:00:00Z");
  CHECK(parse_alert(to_text(alert)) == alert);
}

TEST_CASE("a text that is no alert is none") {
  for (const char* text : {"", "{}", "[]", "null", "{\"labels\":3}", "\xff"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_alert(text));
  }
}

}  // namespace
}  // namespace aka::incident
