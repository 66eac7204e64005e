#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace aka::incident {

/// Every alert there is. Their names are labels of metrics and of what receivers get.
enum class AlertName {
  key_drift,
  key_not_found,
  key_forbidden,
  key_unauthorized,
  key_stale,
  key_unmanaged,
  org_unreachable,
  policy_weakened,
  waiver_expiring,
  journal_failing,
  delivery_failing,
  auditor_alive,
};

inline constexpr std::array<AlertName, 12> kAlertNames{
    AlertName::key_drift,        AlertName::key_not_found,    AlertName::key_forbidden,
    AlertName::key_unauthorized, AlertName::key_stale,        AlertName::key_unmanaged,
    AlertName::org_unreachable,  AlertName::policy_weakened,  AlertName::waiver_expiring,
    AlertName::journal_failing,  AlertName::delivery_failing, AlertName::auditor_alive};

/// As receivers know it: "AtlasKeyDrift".
std::string_view to_string(AlertName name);
std::optional<AlertName> parse_alert_name(std::string_view text);

/// All labels of an alert, `alertname` and `severity` among them, without empty ones. They are its
/// identity: two alerts with the same labels are the same incident.
using Labels = std::map<std::string, std::string>;

/// One incident as its receivers see it.
struct Alert {
  AlertName name = AlertName::key_drift;
  Labels labels;
  std::string summary;      ///< one line, for people
  std::string description;  ///< what is, what should be, what to do; several lines
  base::WallTime starts_at{};
  std::optional<base::WallTime> ends_at;  ///< set once it is resolved

  friend bool operator==(const Alert&, const Alert&) = default;
};

/// The labels as one text that no other set of labels has; sorts and compares as they do.
std::string identity_of(const Labels& labels);

/// An alert as a line of JSON, for the store, and back; nothing if the text is none.
std::string to_text(const Alert& alert);
std::optional<Alert> parse_alert(std::string_view text);

}  // namespace aka::incident
