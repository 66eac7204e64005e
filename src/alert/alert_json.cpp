// The shape of an alert on the wire, Alertmanager's, which webhooks get as well. Entry point:
// alert_json().
// Source: https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml (postableAlert)
#include "alert/alert_json.h"

#include <nlohmann/json.hpp>

#include "base/utc_time.h"

namespace aka::alert {

std::string runbook_of(const incident::Alert& alert, const AlertLinks& links) {
  const auto name = alert.labels.find("alertname");
  if (links.runbooks.empty() || name == alert.labels.end()) return "";
  return links.runbooks + name->second + ".md";
}

nlohmann::ordered_json alert_json(const incident::Alert& alert,
                                  std::optional<base::WallTime> ends_at, const AlertLinks& links) {
  nlohmann::ordered_json annotations{{"summary", alert.summary},
                                     {"description", alert.description}};
  if (const std::string runbook = runbook_of(alert, links); !runbook.empty()) {
    annotations["runbook_url"] = runbook;
  }
  nlohmann::ordered_json json{{"labels", alert.labels},
                              {"annotations", std::move(annotations)},
                              {"startsAt", base::format_utc(alert.starts_at)}};
  if (ends_at) json["endsAt"] = base::format_utc(*ends_at);
  if (!links.external_url.empty()) json["generatorURL"] = links.external_url;
  return json;
}

std::string dump(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace aka::alert
