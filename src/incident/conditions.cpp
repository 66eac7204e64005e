// From what is known to what is to be alerted on. Each kind of alert has a function that appends
// its conditions; conditions_of() lists them.
#include "incident/conditions.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "base/duration.h"
#include "base/utc_time.h"
#include "policy/confirmation.h"
#include "policy/waivers.h"
#include "report/finding_text.h"
#include "report/mend.h"
#include "report/printable.h"

namespace aka::incident {
namespace {

using model::Finding;
using model::FindingKind;
using model::Severity;
using model::State;

void put(Labels& labels, const char* name, std::string_view value) {
  if (!value.empty()) labels.insert_or_assign(name, std::string(value));
}

Alert alert_of(AlertName name, std::string_view severity, const Terms& terms) {
  Alert alert;
  alert.name = name;
  alert.labels = terms.labels;
  put(alert.labels, "alertname", to_string(name));
  put(alert.labels, "severity", severity);
  return alert;
}

void put_organization(Labels& labels, const model::Organization& organization) {
  put(labels, "org_id", organization.id.to_string());
  put(labels, "org", organization.name);
}

/// All that a condition of one key is made of.
struct Subject {
  const model::Organization& organization;
  const model::Key& key;
  const model::KeyStatus& status;
  const model::OrganizationStatus& of;
  const Terms& terms;
  const Now& now;

  std::string name() const { return fmt::format("{}/{}", organization.name, key.name); }
  report::KeyView view() const { return {organization, key, status}; }
  std::uint32_t needed() const { return static_cast<std::uint32_t>(terms.confirm); }

  Condition condition(AlertName alert, std::string_view severity, Phase phase) const {
    Condition result{alert_of(alert, severity, terms), phase};
    Labels& labels = result.alert.labels;
    put_organization(labels, organization);
    put(labels, "key_id", key.id.to_string());
    put(labels, "key", key.name);
    put(labels, "owner", *key.owner);
    return result;
  }

  /// Whether this key's failures may be those of its whole organization, which has an alert of
  /// its own: it is out of reach, or has said nothing since they began.
  bool may_be_all() const {
    if (organization.keys.size() < 2) return false;
    return of.unreachable || of.last_conclusive <= status.trouble_since;
  }
};

std::string since_text(base::WallTime time) {
  return time == base::WallTime{} ? "never" : base::format_utc(time);
}

void describe(Alert& alert, const Subject& subject, const Finding& finding) {
  alert.summary = report::sentence_of(subject.view(), finding);
  std::string& text = alert.description;
  text = fmt::format("Expected: {}\nActual: {}\nSince: {}\n",
                     finding.expected.empty() ? "-" : report::printable(finding.expected),
                     finding.actual.empty() ? "-" : report::printable(finding.actual),
                     base::format_utc(finding.since));
  const report::KindText& kind = report::text_of(finding.kind);
  text += fmt::format("{}\nWhat to do: {}", kind.meaning, kind.mending);
}

Condition drift(const Subject& subject, const Finding& finding) {
  const bool confirmed = policy::counts_at_once(finding) ||
                         policy::times_seen(subject.status, finding) >= subject.needed();
  Condition condition = subject.condition(AlertName::key_drift, model::to_string(finding.severity),
                                          confirmed ? Phase::firing : Phase::held);
  Labels& labels = condition.alert.labels;
  put(labels, "kind", model::to_string(finding.kind));
  put(labels, "role", finding.role);
  put(labels, "project_id", finding.project_id);
  describe(condition.alert, subject, finding);
  return condition;
}

/// A key expected absent that was there and is gone: that has to be seen as often as configured.
void hold_key_present(const Subject& subject, std::vector<Condition>& conditions) {
  if (subject.key.expect != model::Expectation::absent) return;
  if (subject.status.streaks.gone >= subject.needed()) return;
  Condition condition =
      subject.condition(AlertName::key_drift, model::to_string(Severity::critical), Phase::held);
  put(condition.alert.labels, "kind", model::to_string(FindingKind::key_present));
  conditions.push_back(std::move(condition));
}

Condition rest_of(const Subject& subject, const std::vector<Condition>& drifts) {
  Severity worst = Severity::info;
  Phase phase = Phase::held;
  for (std::size_t i = kMostDrifts; i < drifts.size(); ++i) {
    worst = std::max(worst, *model::parse_severity(drifts[i].alert.labels.at("severity")));
    if (drifts[i].phase == Phase::firing) phase = Phase::firing;
  }
  Condition condition = subject.condition(AlertName::key_drift, model::to_string(worst), phase);
  put(condition.alert.labels, "kind", "more");
  condition.alert.summary =
      fmt::format("{} has {} more findings", subject.name(), drifts.size() - kMostDrifts);
  condition.alert.description =
      "One alert stands for all findings past the first 64. The status page and /api/v1/findings "
      "list each of them.";
  return condition;
}

void add_drifts(const Subject& subject, std::vector<Condition>& conditions) {
  std::vector<Condition> drifts;
  bool present = false;
  if (subject.status.findings != nullptr) {
    for (const Finding& finding : *subject.status.findings) {
      if (finding.waived || finding.kind == FindingKind::key_missing) continue;
      present = present || finding.kind == FindingKind::key_present;
      drifts.push_back(drift(subject, finding));
    }
  }
  if (!present) hold_key_present(subject, conditions);
  if (drifts.size() > kMostDrifts) {
    Condition rest = rest_of(subject, drifts);
    drifts.erase(drifts.begin() + kMostDrifts, drifts.end());
    drifts.push_back(std::move(rest));
  }
  std::ranges::move(drifts, std::back_inserter(conditions));
}

void add_not_found(const Subject& subject, std::vector<Condition>& conditions) {
  const model::Streaks& streaks = subject.status.streaks;
  if (subject.key.expect == model::Expectation::absent) return;
  if (streaks.not_found == 0 && streaks.found >= subject.needed()) return;
  const bool about_organization = subject.status.reason == model::Reason::org_missing;
  const bool confirmed = streaks.not_found >= subject.needed() && streaks.found == 0 &&
                         !(about_organization && subject.may_be_all());
  Condition condition = subject.condition(AlertName::key_not_found, "critical",
                                          confirmed ? Phase::firing : Phase::held);
  condition.alert.summary =
      about_organization
          ? fmt::format("The service does not know the organization of {}", subject.name())
          : fmt::format("{} does not exist any more", subject.name());
  condition.alert.description = fmt::format(
      "The service answered {} ({}). Last seen: {}.\nWhat to do: find out who deleted it; if on "
      "purpose, set `expect: absent`, else create another key and put its id into the "
      "configuration.",
      subject.status.http_status, report::outcome_of(subject.status),
      since_text(subject.status.last_success));
  conditions.push_back(std::move(condition));
}

void add_access(const Subject& subject, AlertName name, std::uint16_t polls,
                std::vector<Condition>& conditions) {
  if (subject.status.streaks.failed == 0) return;
  const bool confirmed = polls >= subject.needed() && !subject.may_be_all();
  Condition condition = subject.condition(name, "warning", confirmed ? Phase::firing : Phase::held);
  condition.alert.summary = fmt::format("The service refuses to tell about {} ({})", subject.name(),
                                        report::outcome_of(subject.status));
  condition.alert.description =
      fmt::format("{}\nNothing is known of the key since {}.", report::why_unjudged(subject.status),
                  since_text(subject.status.last_success));
  conditions.push_back(std::move(condition));
}

void add_stale(const Subject& subject, std::vector<Condition>& conditions) {
  const model::KeyStatus& status = subject.status;
  if (status.streaks.failed == 0) return;
  const base::SteadyTime since = std::max(status.last_success_steady, status.watched_since_steady);
  const base::Duration limit = subject.terms.stale_after * subject.of.effective_interval;
  const bool stale = subject.now.steady - since >= limit &&
                     status.streaks.failed >= subject.needed() && !subject.may_be_all();
  Condition condition =
      subject.condition(AlertName::key_stale, "warning", stale ? Phase::firing : Phase::held);
  condition.alert.summary = fmt::format("{} could not be judged for more than {}", subject.name(),
                                        base::format_duration(limit));
  condition.alert.description =
      fmt::format("Last conclusive poll: {}. Last poll: {}.\n{}", since_text(status.last_success),
                  report::outcome_of(status), report::why_unjudged(status));
  conditions.push_back(std::move(condition));
}

void add_waivers(const Subject& subject, std::vector<Condition>& conditions) {
  if (subject.key.waivers == nullptr) return;
  for (const model::Waiver& waiver : *subject.key.waivers) {
    if (policy::waiver_state(waiver, subject.status, subject.now.wall) !=
        model::WaiverState::expiring) {
      continue;
    }
    Condition condition = subject.condition(AlertName::waiver_expiring, "warning", Phase::firing);
    Labels& labels = condition.alert.labels;
    put(labels, "kind", model::to_string(waiver.kind));
    put(labels, "role", waiver.role);
    put(labels, "project_id", waiver.project_id);
    condition.alert.summary =
        fmt::format("A waiver of {} ends on {}", subject.name(), base::format_utc(waiver.until));
    condition.alert.description = fmt::format(
        "It forgives {} {} for: {}{}.\nWhat to do: mend the key before that, or renew "
        "the waiver; from then on it is a finding.",
        model::to_string(waiver.kind), waiver.role, report::printable(waiver.reason),
        waiver.ticket.empty() ? "" : " (" + report::printable(waiver.ticket) + ")");
    // Two waivers may bind the same subject by different texts; it is one alert.
    const auto same = [&](const Condition& other) {
      return other.alert.labels == condition.alert.labels;
    };
    if (std::ranges::none_of(conditions, same)) conditions.push_back(std::move(condition));
  }
}

Condition unmanaged(const model::Organization& organization, const model::UnmanagedKey& key,
                    const Terms& terms) {
  Condition condition{
      alert_of(AlertName::key_unmanaged, model::to_string(key.finding.severity), terms),
      key.presences >= terms.confirm ? Phase::firing : Phase::held};
  Labels& labels = condition.alert.labels;
  put_organization(labels, organization);
  put(labels, "key_id", key.id.to_string());
  put(labels, "owner", *organization.owner);
  condition.alert.summary =
      fmt::format("{} has a key that nobody listed: {}", organization.name, key.id.to_string());
  condition.alert.description = fmt::format(
      "{}\nSince: {}\nWhat to do: list it with a policy (`atlas-key-auditor init` prints one), or "
      "delete it.",
      report::printable(key.finding.actual), base::format_utc(key.finding.since));
  return condition;
}

}  // namespace

std::vector<Condition> conditions_of(const model::Organization& organization, const model::Key& key,
                                     const model::KeyStatus& status,
                                     const model::OrganizationStatus& of, const Terms& terms,
                                     const Now& now) {
  const Subject subject{organization, key, status, of, terms, now};
  std::vector<Condition> conditions;
  add_drifts(subject, conditions);
  add_not_found(subject, conditions);
  add_access(subject, AlertName::key_forbidden, status.streaks.forbidden, conditions);
  add_access(subject, AlertName::key_unauthorized, status.streaks.unauthorized, conditions);
  add_stale(subject, conditions);
  add_waivers(subject, conditions);
  return conditions;
}

std::vector<Condition> conditions_of(const model::Organization& organization,
                                     const model::OrganizationStatus& status, const Terms& terms) {
  std::vector<Condition> conditions;
  if (status.unreachable) {
    Condition condition{alert_of(AlertName::org_unreachable, "critical", terms), Phase::firing};
    put_organization(condition.alert.labels, organization);
    put(condition.alert.labels, "owner", *organization.owner);
    condition.alert.summary = fmt::format("No key of {} can be judged", organization.name);
    condition.alert.description = fmt::format(
        "For more than {} no poll of its {} keys was conclusive. Findings that are open stay open; "
        "others go unseen.\nWhat to do: the status page shows what the polls came to. Look at the "
        "network, the credential and its access list.",
        base::format_duration(status.effective_interval), organization.keys.size());
    conditions.push_back(std::move(condition));
  }
  if (status.discovery != nullptr) {
    for (const model::UnmanagedKey& key : status.discovery->unmanaged) {
      conditions.push_back(unmanaged(organization, key, terms));
    }
  }
  return conditions;
}

std::vector<Condition> conditions_of(const DaemonFacts& facts, const Terms& terms, const Now& now) {
  std::vector<Condition> conditions;
  if (facts.weakened && now.wall < *facts.weakened + kWeakenedFor) {
    Condition condition{alert_of(AlertName::policy_weakened, "warning", terms), Phase::firing};
    condition.alert.summary = "A configuration asks for less than the one before";
    condition.alert.description =
        facts.weakening + "\nWhat to do: have the change confirmed; the journal holds each line.";
    conditions.push_back(std::move(condition));
  }
  if (!facts.journal_failure.empty()) {
    Condition condition{alert_of(AlertName::journal_failing, "critical", terms), Phase::firing};
    condition.alert.summary = "The journal cannot be written";
    condition.alert.description =
        facts.journal_failure +
        "\nPolling, metrics and delivery go on from memory; a restart now would forget.";
    conditions.push_back(std::move(condition));
  }
  for (const std::string& sink : facts.failing_sinks) {
    Condition condition{alert_of(AlertName::delivery_failing, "critical", terms), Phase::firing};
    put(condition.alert.labels, "sink", sink);
    condition.alert.summary = fmt::format("Alerts do not reach {}", sink);
    condition.alert.description =
        "A notification waits for more than five minutes; it is tried again until it is taken. The "
        "log says why.";
    conditions.push_back(std::move(condition));
  }
  return conditions;
}

bool depends_on_time(const model::Key& key, const model::KeyStatus& status) {
  return key.waivers != nullptr || status.streaks.failed > 0;
}

}  // namespace aka::incident
