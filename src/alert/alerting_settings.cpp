// The alerting block. Entry point: read_alerting(). It knows no kind of receiver; the table of
// sinks does, and each kind reads its own section.
#include "alert/alerting_settings.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/redaction.h"

namespace aka::alert {
namespace {

using base::Fields;
using base::Section;

/// Labels that alerts have of themselves.
constexpr std::array<std::string_view, 13> kOwnLabels{
    "alert", "sink", "alertname", "severity",   "org_id", "org",  "key_id",
    "key",   "kind", "role",      "project_id", "owner",  "drill"};

bool is_label_name(std::string_view text) {
  const auto is_digit = [](char symbol) { return symbol >= '0' && symbol <= '9'; };
  return !text.empty() && !is_digit(text.front()) && !text.starts_with("__") &&
         std::ranges::all_of(text, [&](char symbol) {
           return (symbol >= 'a' && symbol <= 'z') || (symbol >= 'A' && symbol <= 'Z') ||
                  is_digit(symbol) || symbol == '_';
         });
}

void read_label(const Section::Entry& entry, base::Diagnostics& diagnostics,
                std::map<std::string, std::string>& labels) {
  if (!is_label_name(entry.key) || base::looks_secret(entry.key)) {
    diagnostics.error(entry.mark, fmt::format("'{}' is no name for a label; it has letters, digits "
                                              "and '_', and begins with no digit and no '__'",
                                              base::shown(entry.key)));
  } else if (std::ranges::find(kOwnLabels, entry.key) != kOwnLabels.end()) {
    diagnostics.error(entry.mark, fmt::format("alerts have a label '{}' of their own; choose "
                                              "another name",
                                              entry.key));
  } else if (entry.value.kind != Section::Kind::scalar || base::looks_secret(entry.value.text)) {
    diagnostics.error(entry.value.mark,
                      fmt::format("the label '{}' must be a text, and no secret", entry.key));
  } else {
    labels.emplace(entry.key, entry.value.text);
  }
}

void read_labels(Fields& fields, AlertingSettings& alerting) {
  const Section* labels = fields.mapping("labels");
  if (labels == nullptr) return;
  for (const Section::Entry& entry : labels->entries)
    read_label(entry, fields.diagnostics(), alerting.labels);
}

void read_external_url(Fields& fields, AlertingSettings& alerting) {
  const Section* value = fields.any("external_url");
  if (value == nullptr || (value->kind == Section::Kind::scalar && value->text.empty())) return;
  alerting.external_url = fields.url("external_url");
}

}  // namespace

AlertingSettings read_alerting(const Section& section, base::Diagnostics& diagnostics) {
  Fields fields(section, "'alerting'", diagnostics);
  AlertingSettings alerting;
  read_labels(fields, alerting);
  read_external_url(fields, alerting);
  alerting.heartbeat = fields.duration("heartbeat", base::Duration(0), std::chrono::hours(24))
                           .value_or(alerting.heartbeat);
  for (const SinkKind& kind : sink_kinds()) {
    const Section* receivers = fields.any(kind.name);
    if (receivers != nullptr) kind.read(*receivers, diagnostics, alerting.sinks);
  }
  fields.finish();
  return alerting;
}

}  // namespace aka::alert
