// The journal's records in JSON. Names are for those who read an export years later: append only.
#include "ledger/records.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/utc_time.h"

namespace aka::ledger {
namespace {

using journal::Draft;
using journal::RecordType;
using nlohmann::json;

Draft draft(base::WallTime time, RecordType type, const json& data, std::string org_id = {},
            std::string key_id = {}) {
  return {time, type, std::move(org_id), std::move(key_id),
          data.dump(-1, ' ', false, json::error_handler_t::replace)};
}

json time_or_null(base::WallTime time) {
  return time == base::WallTime{} ? json() : json(base::format_utc(time));
}

json text_of(const model::Finding& finding) {
  return {{"kind", model::to_string(finding.kind)},
          {"severity", model::to_string(finding.severity)},
          {"role", finding.role},
          {"project_id", finding.project_id},
          {"expected", finding.expected},
          {"actual", finding.actual},
          {"since", base::format_utc(finding.since)}};
}

RecordType type_of(policy::ChangeKind kind) {
  switch (kind) {
    case policy::ChangeKind::opened:
      return RecordType::finding_opened;
    case policy::ChangeKind::waived:
      return RecordType::finding_waived;
    case policy::ChangeKind::lapsed:
      return RecordType::waiver_lapsed;
    case policy::ChangeKind::closed:
      return RecordType::finding_closed;
  }
  return RecordType::finding_opened;
}

bool is_plain(char symbol) {
  return symbol >= ' ' && symbol <= '~' && symbol != '"' && symbol != '\\';
}

std::string label(const incident::Alert& alert, const char* name) {
  const auto found = alert.labels.find(name);
  return found == alert.labels.end() ? std::string() : found->second;
}

}  // namespace

Draft started(base::WallTime time, const std::string& version,
              const std::optional<std::string>& shard) {
  json data{{"version", version}};
  if (shard) data["shard"] = *shard;
  return draft(time, RecordType::start, data);
}

Draft stopped(base::WallTime time) { return draft(time, RecordType::stop, json::object()); }

Draft config_loaded(base::WallTime time, const std::string& sha256, const model::Roster& roster) {
  return draft(time, RecordType::config_loaded,
               {{"sha256", sha256},
                {"organizations", roster.organizations.size()},
                {"keys", roster.key_count}});
}

/// A first load writes one for each key. Names need no escaping (they are of letters, digits, and
/// `._-`); where the owner does not either, this is ten times as fast as through json.
Draft key_added(base::WallTime time, const model::Organization& organization,
                const model::Key& key) {
  if (std::ranges::all_of(*key.owner, is_plain)) {
    return {time, RecordType::key_added, organization.id.to_string(), key.id.to_string(),
            fmt::format(R"({{"key":"{}","org":"{}","owner":"{}"}})", key.name, organization.name,
                        *key.owner)};
  }
  return draft(time, RecordType::key_added,
               {{"org", organization.name}, {"key", key.name}, {"owner", *key.owner}},
               organization.id.to_string(), key.id.to_string());
}

Draft key_removed(base::WallTime time, const model::Organization& organization,
                  const model::Key& key, const std::vector<incident::SharedAlert>& open) {
  json alerts = json::array();
  for (const incident::SharedAlert& alert : open) {
    alerts.push_back({{"labels", alert->labels}, {"summary", alert->summary}});
  }
  return draft(time, RecordType::key_removed,
               {{"org", organization.name}, {"key", key.name}, {"open", alerts}},
               organization.id.to_string(), key.id.to_string());
}

Draft policy_weakened(base::WallTime time, const policy::Weakening& weakening) {
  return draft(time, RecordType::policy_weakened,
               {{"org", weakening.organization},
                {"key", weakening.key},
                {"weakening", policy::to_string(weakening.kind)},
                {"detail", weakening.detail}},
               weakening.organization_id.to_string(), weakening.key_id);
}

std::string text_of(const std::vector<policy::Weakening>& weaker) {
  constexpr std::size_t kTold = 10;
  std::string text;
  for (std::size_t i = 0; i < std::min(weaker.size(), kTold); ++i) {
    const policy::Weakening& one = weaker[i];
    text += one.organization + (one.key.empty() ? "" : "/" + one.key) + ": " +
            std::string(policy::to_string(one.kind)) + ": " + one.detail + "\n";
  }
  if (weaker.size() > kTold) text += "and " + std::to_string(weaker.size() - kTold) + " more\n";
  return text;
}

Draft state_changed(base::WallTime time, const model::Organization& organization,
                    const model::Key& key, model::State from, const model::KeyStatus& status) {
  return draft(time, RecordType::state_changed,
               {{"from", model::to_string(from)},
                {"to", model::to_string(status.state)},
                {"reason", model::to_string(status.reason)},
                {"http_status", status.http_status},
                {"message", status.message == nullptr ? std::string() : *status.message}},
               organization.id.to_string(), key.id.to_string());
}

Draft finding_changed(base::WallTime time, const model::Organization& organization,
                      const std::string& key_id, const policy::Change& change,
                      const model::Waiver* waiver) {
  json data = text_of(change.finding);
  if (waiver != nullptr) {
    data["until"] = base::format_utc(waiver->until);
    data["reason"] = waiver->reason;
    data["ticket"] = waiver->ticket;
  }
  return draft(time, type_of(change.kind), data, organization.id.to_string(), key_id);
}

Draft alert_sent(base::WallTime time, const incident::Alert& alert, const std::string& sink) {
  return draft(
      time, RecordType::alert_sent,
      {{"labels", alert.labels}, {"sink", sink}, {"starts_at", base::format_utc(alert.starts_at)}},
      label(alert, "org_id"), label(alert, "key_id"));
}

Draft alert_resolved(base::WallTime time, const incident::Alert& alert, incident::Cause cause) {
  return draft(time, RecordType::alert_resolved,
               {{"labels", alert.labels},
                {"cause", incident::to_string(cause)},
                {"starts_at", base::format_utc(alert.starts_at)},
                {"summary", alert.summary}},
               label(alert, "org_id"), label(alert, "key_id"));
}

Draft drill(base::WallTime time, const incident::Alert& alert) {
  return draft(time, RecordType::drill,
               {{"phase", alert.ends_at ? "ended" : "begun"},
                {"labels", alert.labels},
                {"starts_at", base::format_utc(alert.starts_at)},
                {"summary", alert.summary}},
               label(alert, "org_id"), label(alert, "key_id"));
}

Draft checkpoint(base::WallTime time, const model::Organization& organization, const Watch& watch) {
  return draft(time, RecordType::checkpoint,
               {{"org", organization.name},
                {"keys", watch.keys},
                {"polls", watch.polls},
                {"conclusive", watch.conclusive},
                {"oldest_success", time_or_null(watch.oldest_success)}},
               organization.id.to_string());
}

}  // namespace aka::ledger
