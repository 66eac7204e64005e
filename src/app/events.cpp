// Facts from the audit as log lines. A state that stays is not logged again, however often it is
// polled.
#include "app/events.h"

#include <fmt/format.h>

#include "app/log.h"
#include "base/duration.h"

namespace aka::app {
namespace {

std::string_view event_of(policy::ChangeKind kind) {
  switch (kind) {
    case policy::ChangeKind::opened:
      return "finding_opened";
    case policy::ChangeKind::waived:
      return "finding_waived";
    case policy::ChangeKind::lapsed:
      return "waiver_lapsed";
    case policy::ChangeKind::closed:
      return "finding_closed";
  }
  return "";
}

log::Level level_of(const policy::Change& change) {
  const bool opens =
      change.kind == policy::ChangeKind::opened || change.kind == policy::ChangeKind::lapsed;
  return opens ? log::Level::warning : log::Level::info;
}

bool is_fine(model::State state) {
  return state == model::State::compliant || state == model::State::pending;
}

std::string http_status_text(int status) {
  return status == 0 ? std::string() : std::to_string(status);
}

void log_state(const audit::PollReport& report) {
  const model::KeyStatus& after = report.advance.after;
  log::write(is_fine(after.state) ? log::Level::info : log::Level::warning, "state_changed",
             {{"org", report.organization.name},
              {"key", report.key.name},
              {"key_id", report.key.id.to_string()},
              {"state", std::string(model::to_string(after.state))},
              {"reason", std::string(model::to_string(after.reason))},
              {"http_status", http_status_text(after.http_status)},
              {"owner", *report.key.owner},
              {"message", after.message ? *after.message : std::string()}});
}

log::Level level_of(settings::LogLevel level) {
  switch (level) {
    case settings::LogLevel::debug:
      return log::Level::debug;
    case settings::LogLevel::info:
      return log::Level::info;
    case settings::LogLevel::warn:
      return log::Level::warning;
    case settings::LogLevel::error:
      return log::Level::error;
  }
  return log::Level::info;
}

}  // namespace

void log_poll(const audit::PollReport& report) {
  if (report.advance.state_changed) log_state(report);
  log_changes(report.organization, report.key, report.advance);
  if (!log::is_written(log::Level::debug)) return;
  log::debug("poll", {{"org", report.organization.name},
                      {"key", report.key.name},
                      {"state", std::string(model::to_string(report.advance.after.state))},
                      {"http_status", http_status_text(report.observation.http_status)},
                      {"requests", std::to_string(report.fetched.sent.size())}});
}

void log_changes(const model::Organization& organization, const model::Key& key,
                 const policy::Advance& advance) {
  for (const policy::Change& change : advance.changes) {
    const model::Finding& finding = change.finding;
    log::write(level_of(change), event_of(change.kind),
               {{"org", organization.name},
                {"key", key.name},
                {"key_id", key.id.to_string()},
                {"kind", std::string(model::to_string(finding.kind))},
                {"severity", std::string(model::to_string(finding.severity))},
                {"role", finding.role},
                {"project_id", finding.project_id},
                {"expected", finding.expected},
                {"actual", finding.actual},
                {"owner", *key.owner}});
  }
}

void log_page(const audit::PageReport& report) {
  log_discovery(report.organization, report.advance);
  // Of configured keys each tells for itself.
  if (report.fetched.page || !report.organization.discover) return;
  log::warning("discovery_failed", {{"org", report.organization.name},
                                    {"http_status", http_status_text(report.fetched.http_status)},
                                    {"message", report.fetched.page.error().message}});
}

void log_discovery(const model::Organization& organization,
                   const policy::DiscoveryAdvance& advance) {
  for (std::size_t i = 0; i < advance.changes.size(); ++i) {
    const policy::Change& change = advance.changes[i];
    log::write(level_of(change), event_of(change.kind),
               {{"org", organization.name},
                {"key_id", advance.keys[i].to_string()},
                {"kind", std::string(model::to_string(change.finding.kind))},
                {"severity", std::string(model::to_string(change.finding.severity))},
                {"actual", change.finding.actual},
                {"owner", *organization.owner}});
  }
}

void log_credential(const audit::CredentialReport& report) {
  if (!report.fetched.caller) {
    log::debug("credential_unknown", {{"org", report.organization.name},
                                      {"message", report.fetched.caller.error().message}});
  }
  if (report.excess.empty()) return;
  std::vector<std::string> roles;
  for (const model::Role& role : report.excess) roles.push_back(model::to_string(role));
  log::warning("credential_excess",
               {{"org", report.organization.name},
                {"credential", report.organization.credential},
                {"roles", fmt::format("{}", fmt::join(roles, ", "))},
                {"message",
                 "the daemon's own API key holds more than it needs; Organization Read Only or "
                 "Organization Member is enough: take the other roles from it in Atlas"}});
}

void log_adopted(const Configuration& configuration, std::chrono::nanoseconds stood_still) {
  const std::chrono::duration<double, std::milli> pause = stood_still;
  log::info("config_loaded",
            {{"organizations", std::to_string(configuration.watched->organizations.size())},
             {"keys", std::to_string(configuration.watched->key_count)},
             {"polls_stood_still", fmt::format("{:.1f}ms", pause.count())}});
  for (const model::Organization& organization : configuration.watched->organizations) {
    const report::OrganizationLoad load = load_of(organization, configuration.settings);
    if (load.effective_interval == organization.interval) continue;
    log::warning("interval_stretched",
                 {{"org", organization.name},
                  {"interval", base::format_duration(organization.interval)},
                  {"effective", base::format_duration(load.effective_interval)},
                  {"message", report::overload_text(organization, load)}});
  }
}

void log_weakenings(const std::vector<policy::Weakening>& weakenings) {
  for (const policy::Weakening& one : weakenings) {
    log::warning("policy_weakened", {{"org", one.organization},
                                     {"org_id", one.organization_id.to_string()},
                                     {"key", one.key},
                                     {"key_id", one.key_id},
                                     {"weakening", std::string(to_string(one.kind))},
                                     {"message", one.detail}});
  }
}

void log_diagnostics(const base::Diagnostics& diagnostics) {
  for (const base::Diagnostic& one : diagnostics.sorted()) {
    log::write(one.gravity == base::Gravity::error ? log::Level::error : log::Level::warning,
               "config_problem", {{"message", base::to_string(one)}});
  }
}

void configure_log(const settings::LogSettings& settings) {
  log::configure(level_of(settings.level), settings.format == settings::LogFormat::json
                                               ? log::Format::json
                                               : log::Format::text);
}

}  // namespace aka::app
