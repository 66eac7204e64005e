// The family of alerts: a sorted map from label text to value, so that the page is the same for the
// same alerts and holds no series twice.
#include "metrics/alert_lines.h"

#include <map>

#include "metrics/label_text.h"
#include "metrics/names.h"

namespace aka::metrics {
namespace {

/// The first is shown as `alert`. The next two would make a series that Prometheus refuses, with
/// the whole page; they can come from `alerting.labels`. An empty label is as good as none, but
/// would make two series of one.
bool is_shown(const std::string& name, const std::string& value) {
  return name != "alertname" && name != "alert" && name != "__name__" && !value.empty();
}

std::string labels_of(const incident::Alert& alert) {
  std::string text = "{alert=\"";
  append_label(text, incident::to_string(alert.name));
  for (const auto& [name, value] : alert.labels) {
    if (!is_shown(name, value)) continue;
    text += "\"," + name + "=\"";
    append_label(text, value);
  }
  return text + "\"} ";
}

}  // namespace

std::string alert_lines(const std::vector<incident::SharedAlert>& firing,
                        const std::vector<incident::SharedAlert>& resolved) {
  std::map<std::string, char> lines;
  for (const incident::SharedAlert& alert : resolved) lines.emplace(labels_of(*alert), '0');
  for (const incident::SharedAlert& alert : firing) {
    lines.insert_or_assign(labels_of(*alert), '1');
  }
  if (lines.empty()) return {};
  const std::string name(names::kAlertFiring.name);
  std::string text = "# HELP " + name + " " + std::string(names::kAlertFiring.help) + "\n# TYPE " +
                     name + " gauge\n";
  for (const auto& [labels, value] : lines) {
    text += name + labels + value + "\n";
  }
  return text;
}

}  // namespace aka::metrics
