// Names, identity and the stored form of an alert.
#include "incident/alert.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/utc_time.h"

namespace aka::incident {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, kAlertNames.size()> kTexts{"AtlasKeyDrift",
                                                                  "AtlasKeyNotFound",
                                                                  "AtlasKeyForbidden",
                                                                  "AtlasKeyUnauthorized",
                                                                  "AtlasKeyStale",
                                                                  "AtlasKeyUnmanaged",
                                                                  "AtlasOrgUnreachable",
                                                                  "AtlasPolicyWeakened",
                                                                  "AtlasWaiverExpiring",
                                                                  "AtlasAuditorJournalFailing",
                                                                  "AtlasAuditorDeliveryFailing",
                                                                  "AtlasAuditorAlive"};

long long milliseconds_of(base::WallTime time) { return time.time_since_epoch().count(); }

base::WallTime time_of(long long milliseconds) {
  return base::WallTime(std::chrono::milliseconds(milliseconds));
}

}  // namespace

std::string_view to_string(AlertName name) { return kTexts[static_cast<std::size_t>(name)]; }

std::optional<AlertName> parse_alert_name(std::string_view text) {
  const auto found = std::ranges::find(kTexts, text);
  if (found == kTexts.end()) return std::nullopt;
  return kAlertNames[static_cast<std::size_t>(found - kTexts.begin())];
}

std::string identity_of(const Labels& labels) {
  return json(labels).dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string to_text(const Alert& alert) {
  json text{{"labels", alert.labels},
            {"summary", alert.summary},
            {"description", alert.description},
            {"starts_at", milliseconds_of(alert.starts_at)}};
  if (alert.ends_at) text["ends_at"] = milliseconds_of(*alert.ends_at);
  return text.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::optional<Alert> parse_alert(std::string_view text) try {
  const json read = json::parse(text);
  Alert alert;
  read.at("labels").get_to(alert.labels);
  const auto name = parse_alert_name(alert.labels.at("alertname"));
  if (!name) return std::nullopt;
  alert.name = *name;
  read.at("summary").get_to(alert.summary);
  read.at("description").get_to(alert.description);
  alert.starts_at = time_of(read.at("starts_at").get<long long>());
  if (read.contains("ends_at")) alert.ends_at = time_of(read.at("ends_at").get<long long>());
  return alert;
} catch (const std::exception&) {
  return std::nullopt;
}

}  // namespace aka::incident
