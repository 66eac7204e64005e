#pragma once

#include <string_view>

/// Every family that this program exports. Dashboards and rules rely on the names; docs/metrics.md
/// tells what each value means.
namespace aka::metrics::names {

struct Family {
  std::string_view name;
  std::string_view help;
};

// Of a key: org_id, org, key_id, key.
inline constexpr Family kKeyUp{"atlas_key_up", "Whether the last poll of the key was conclusive."};
inline constexpr Family kKeyCompliant{
    "atlas_key_compliant",
    "0 while findings are open, 1 if a recent conclusive poll found none, absent if unknown."};
inline constexpr Family kKeyState{
    "atlas_key_state", "Always 1; the labels tell what the last poll of the key came to."};
inline constexpr Family kKeyHttpStatus{"atlas_key_http_status_code",
                                       "HTTP status of the last poll, 0 if there was no answer."};
inline constexpr Family kRolesMissing{
    "atlas_key_roles_missing", "Open findings of a required role that the key does not hold."};
inline constexpr Family kRolesUnexpected{"atlas_key_roles_unexpected",
                                         "Open findings of a role that the policy does not name."};
inline constexpr Family kRolesForbidden{"atlas_key_roles_forbidden",
                                        "Open findings of a role that the policy forbids."};
inline constexpr Family kDescriptionMismatch{"atlas_key_description_mismatch",
                                             "Whether the description differs from the policy's."};
inline constexpr Family kLastPoll{"atlas_key_last_poll_timestamp_seconds",
                                  "When the key was last polled, 0 if never."};
inline constexpr Family kLastSuccess{"atlas_key_last_success_timestamp_seconds",
                                     "When a poll of the key was last conclusive, 0 if never."};
inline constexpr Family kDriftSince{"atlas_key_drift_since_timestamp_seconds",
                                    "When the oldest open finding was first seen."};
inline constexpr Family kFinding{"atlas_key_finding", "Always 1; one for each open finding."};
inline constexpr Family kKeyLabels{
    "atlas_key_info", "Always 1; the labels tell the policy and the owner of the key."};

// Of an organization: org_id, org.
inline constexpr Family kOrganizationUp{
    "atlas_org_up", "Whether a key of the organization was polled conclusively of late."};
inline constexpr Family kOrganizationKeys{"atlas_org_keys", "Keys configured in the organization."};
inline constexpr Family kUnmanagedKeys{
    "atlas_org_unmanaged_keys", "Keys that the organization holds and the configuration lacks."};
inline constexpr Family kCredentialExcess{
    "atlas_org_credential_excess", "Whether the daemon's own key holds more roles than it needs."};
inline constexpr Family kRateLimitRemaining{
    "atlas_org_rate_limit_remaining", "Requests left before the rate limit makes polls wait."};
inline constexpr Family kEffectiveInterval{
    "atlas_org_effective_interval_seconds",
    "Time between two polls of a key; longer than configured if the rate limit asks for it."};
inline constexpr Family kDetectionBound{
    "atlas_org_detection_bound_seconds",
    "Longest time that a change can go unseen while all works."};
inline constexpr Family kWaivers{"atlas_org_waivers",
                                 "Waivers of the organization's keys by what they do now."};

// Of an alert: its labels.
inline constexpr Family kAlertFiring{"atlas_alert_firing",
                                     "1 while the alert fires, 0 for an hour after it resolved."};

// Of the daemon.
inline constexpr Family kBuild{"atlas_key_auditor_build_info",
                               "Always 1; the labels tell what was built."};
inline constexpr Family kShard{
    "atlas_key_auditor_shard_info",
    "Always 1; the labels tell which part of the organizations is watched here."};
inline constexpr Family kStandby{
    "atlas_key_auditor_standby",
    "1 while another process has the store and watches, and this one waits to take over."};
inline constexpr Family kReloadSuccessful{
    "atlas_key_auditor_config_last_reload_successful",
    "Whether the last attempt to load the configuration succeeded."};
inline constexpr Family kReloadSuccessTime{
    "atlas_key_auditor_config_last_reload_success_timestamp_seconds",
    "When the configuration was last loaded, 0 if never."};
inline constexpr Family kLastWeakened{
    "atlas_key_auditor_config_last_weakened_timestamp_seconds",
    "When a reload last asked for less than the configuration before, 0 if never."};
inline constexpr Family kPolls{"atlas_key_auditor_polls_total",
                               "Polls of keys by the state they came to."};
inline constexpr Family kRequests{"atlas_key_auditor_api_requests_total",
                                  "Requests by HTTP status, 0 if there was no answer."};
inline constexpr Family kRequestDuration{"atlas_key_auditor_api_request_duration_seconds",
                                         "Time from the start of a request to its last byte."};
inline constexpr Family kPollDelay{"atlas_key_auditor_poll_delay_seconds",
                                   "How long after its due time a poll started."};

inline constexpr Family kNotifications{"atlas_key_auditor_notifications_total",
                                       "Alerts sent to a receiver, by what came of it."};
inline constexpr Family kNotificationsPending{
    "atlas_key_auditor_notifications_pending",
    "Notifications that are due and that the receiver has not taken."};
inline constexpr Family kJournalRecords{"atlas_key_auditor_journal_records_total",
                                        "Records written to the journal."};
inline constexpr Family kJournalErrors{"atlas_key_auditor_journal_errors_total",
                                       "Failed attempts to write to the journal."};
inline constexpr Family kJournalHeadSeq{"atlas_key_auditor_journal_head_seq",
                                        "Number of the journal's newest record, 0 without one."};
inline constexpr Family kJournalHead{
    "atlas_key_auditor_journal_head_info",
    "Always 1; the label is the hash of the journal's newest record, a witness against "
    "truncation."};

// Of the process, as other exporters name them.
inline constexpr Family kCpuSeconds{"process_cpu_seconds_total",
                                    "Total user and system CPU time spent in seconds."};
inline constexpr Family kResidentMemory{"process_resident_memory_bytes",
                                        "Resident memory size in bytes."};
inline constexpr Family kVirtualMemory{"process_virtual_memory_bytes",
                                       "Virtual memory size in bytes."};
inline constexpr Family kOpenFds{"process_open_fds", "Number of open file descriptors."};
inline constexpr Family kMaxFds{"process_max_fds", "Maximum number of open file descriptors."};
inline constexpr Family kStartTime{"process_start_time_seconds",
                                   "Start time of the process since unix epoch in seconds."};
inline constexpr Family kThreads{"process_threads", "Number of threads."};

}  // namespace aka::metrics::names
