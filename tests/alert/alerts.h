#pragma once

#include <memory>
#include <string>

#include "alert/sink.h"

namespace aka::alert::test {

inline constexpr base::WallTime kStart{std::chrono::sys_days(std::chrono::year(2026) / 11 / 24)};

/// The drift of one key.
inline incident::Alert drift(const std::string& key) {
  incident::Alert alert;
  alert.labels = {{"alertname", "AtlasKeyDrift"},
                  {"severity", "critical"},
                  {"org_id", "5f1a2b3c4d5e6f7a8b9c0d1e"},
                  {"org", "prod"},
                  {"key_id", "64aa11bb22cc33dd44ee55f1"},
                  {"key", key},
                  {"kind", "role_forbidden"},
                  {"role", "ORG_OWNER"}};
  alert.summary = "key " + key + " holds ORG_OWNER, which its policy forbids";
  alert.description = "expected: no ORG_OWNER\nactual: ORG_OWNER";
  alert.starts_at = kStart;
  return alert;
}

inline Notification firing(std::int64_t id, const std::string& sink, const std::string& key,
                           base::WallTime due = kStart) {
  return {id, sink, std::make_shared<const incident::Alert>(drift(key)), due};
}

inline Notification resolved(std::int64_t id, const std::string& sink, const std::string& key,
                             base::WallTime due = kStart) {
  incident::Alert alert = drift(key);
  alert.ends_at = kStart + std::chrono::minutes(1);
  return {id, sink, std::make_shared<const incident::Alert>(alert), due};
}

/// Which key it is about; empty for a heartbeat.
inline std::string key_of(const Notification& notification) {
  const auto key = notification.alert->labels.find("key");
  return key == notification.alert->labels.end() ? "" : key->second;
}

}  // namespace aka::alert::test
