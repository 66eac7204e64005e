// From what is known to what is to be alerted on. Each kind of alert has a function that appends
// its conditions; conditions_of() lists them.
#include "incident/conditions.h"

#include <algorithm>
#include <span>
#include <utility>

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
  Held held;

  std::string name() const { return fmt::format("{}/{}", organization.name, key.name); }
  report::KeyView view() const { return {organization, key, status}; }
  std::uint32_t needed() const { return static_cast<std::uint32_t>(terms.confirm); }

  bool leaves_out(Phase phase) const { return phase != Phase::firing && held == Held::left_out; }
  bool may_be_outage() const { return policy::may_be_outage(organization, of, status); }

  Condition condition(AlertName alert, std::string_view severity, Phase phase) const {
    Condition result{alert_of(alert, severity, terms), phase};
    Labels& labels = result.alert.labels;
    put_organization(labels, organization);
    put(labels, "key_id", key.id.to_string());
    put(labels, "key", key.name);
    put(labels, "owner", *key.owner);
    return result;
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

void add_drift(const Subject& subject, const Finding& finding, std::vector<Condition>& conditions) {
  const bool confirmed = policy::counts_at_once(finding) ||
                         policy::times_seen(subject.status, finding) >= subject.needed();
  const Phase phase = confirmed ? Phase::firing : Phase::held;
  if (subject.leaves_out(phase)) return;
  Condition condition =
      subject.condition(AlertName::key_drift, model::to_string(finding.severity), phase);
  Labels& labels = condition.alert.labels;
  put(labels, "kind", model::to_string(finding.kind));
  put(labels, "role", finding.role);
  put(labels, "project_id", finding.project_id);
  if (confirmed) describe(condition.alert, subject, finding);
  conditions.push_back(std::move(condition));
}

bool is_waived(const Subject& subject, FindingKind kind) {
  Finding finding;
  finding.kind = kind;
  return policy::is_waived(finding, subject.key, subject.now.wall);
}

/// A key expected absent that was there and is gone: that has to be seen as often as configured.
void hold_key_present(const Subject& subject, std::vector<Condition>& conditions) {
  const bool unproven = subject.key.expect == model::Expectation::absent &&
                        subject.status.evidence == model::Evidence::missing &&
                        subject.status.streaks.gone < subject.needed();
  if (!unproven || subject.leaves_out(Phase::held)) return;
  if (is_waived(subject, FindingKind::key_present)) return;
  Condition condition =
      subject.condition(AlertName::key_drift, model::to_string(Severity::critical), Phase::held);
  put(condition.alert.labels, "kind", model::to_string(FindingKind::key_present));
  conditions.push_back(std::move(condition));
}

void add_drifts(const Subject& subject, std::vector<Condition>& conditions) {
  if (subject.status.findings != nullptr) {
    for (const Finding& finding : *subject.status.findings) {
      if (finding.waived || finding.kind == FindingKind::key_missing) continue;
      add_drift(subject, finding, conditions);
    }
  }
  hold_key_present(subject, conditions);
}

/// Polls in a row that said so of this key; of what an outage may explain, nobody knows yet.
std::uint32_t times_not_found(const Subject& subject) {
  const model::Streaks& streaks = subject.status.streaks;
  const int outage = subject.may_be_outage() ? streaks.org_missing : 0;
  return static_cast<std::uint32_t>(streaks.not_found - outage);
}

void describe_not_found(Alert& alert, const Subject& subject) {
  const model::Streaks& streaks = subject.status.streaks;
  const std::string seen = since_text(subject.status.last_success);
  if (streaks.org_missing == streaks.not_found) {
    alert.summary = fmt::format("The service does not know the organization of {}", subject.name());
    alert.description = fmt::format(
        "Last conclusive poll: {}.\nWhat to do: compare the organization's id with the one in "
        "Atlas; find out whether the organization was deleted.",
        seen);
    return;
  }
  alert.summary = fmt::format("{} does not exist any more", subject.name());
  alert.description = fmt::format(
      "The service does not find the key. Last conclusive poll: {}.\nWhat to do: find out who "
      "deleted it; if on purpose, set `expect: absent`, else create another key and put its id "
      "into the configuration.",
      seen);
}

void add_not_found(const Subject& subject, std::vector<Condition>& conditions) {
  const model::Streaks& streaks = subject.status.streaks;
  if (subject.key.expect == model::Expectation::absent) return;
  if (streaks.not_found == 0 && streaks.found >= subject.needed()) return;
  const bool confirmed = times_not_found(subject) >= subject.needed();
  const Phase phase = confirmed ? Phase::firing : Phase::held;
  if (subject.leaves_out(phase) || is_waived(subject, FindingKind::key_missing)) return;
  Condition condition = subject.condition(AlertName::key_not_found, "critical", phase);
  if (confirmed) describe_not_found(condition.alert, subject);
  conditions.push_back(std::move(condition));
}

void add_access(const Subject& subject, AlertName name, std::uint16_t polls,
                std::vector<Condition>& conditions) {
  if (subject.status.streaks.failed == 0) return;
  const bool confirmed = polls >= subject.needed() && !subject.may_be_outage();
  const Phase phase = confirmed ? Phase::firing : Phase::held;
  if (subject.leaves_out(phase)) return;
  Condition condition = subject.condition(name, "warning", phase);
  if (confirmed) {
    condition.alert.summary = fmt::format("The service refuses to tell about {} ({})",
                                          subject.name(), report::outcome_of(subject.status));
    condition.alert.description =
        fmt::format("{}\nNothing is known of the key since {}.",
                    report::why_unjudged(subject.status), since_text(subject.status.last_success));
  }
  conditions.push_back(std::move(condition));
}

base::SteadyTime proven_at(const model::KeyStatus& status) {
  const bool never = status.last_success == base::WallTime{};
  return never ? status.watched_since_steady
               : std::max(status.last_success_steady, status.watched_since_steady);
}

/// Asked often enough in vain; or not asked at all for as long, as behind a long Retry-After.
bool is_stale(const Subject& subject, base::Duration limit) {
  const model::KeyStatus& status = subject.status;
  if (subject.now.steady - proven_at(status) < limit) return false;
  if (status.streaks.failed >= subject.needed()) return !subject.may_be_outage();
  return subject.terms.began && subject.now.steady - *subject.terms.began >= limit &&
         subject.now.wall - status.last_poll >= limit && !subject.of.unreachable;
}

void add_stale(const Subject& subject, std::vector<Condition>& conditions) {
  const model::KeyStatus& status = subject.status;
  const base::Duration limit = stale_limit(subject.of, subject.terms);
  if (status.streaks.failed == 0 && !is_stale(subject, limit)) return;
  const Phase phase = is_stale(subject, limit) ? Phase::firing : Phase::held;
  if (subject.leaves_out(phase)) return;
  Condition condition = subject.condition(AlertName::key_stale, "warning", phase);
  if (phase == Phase::firing) {
    condition.alert.summary = fmt::format("{} could not be judged for more than {}", subject.name(),
                                          base::format_duration(limit));
    condition.alert.description =
        fmt::format("Last conclusive poll: {}. Last poll: {}.\n{}", since_text(status.last_success),
                    report::outcome_of(status), report::why_unjudged(status));
  }
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

void add_by_time(const Subject& subject, std::vector<Condition>& conditions) {
  const model::Streaks& streaks = subject.status.streaks;
  add_not_found(subject, conditions);
  add_access(subject, AlertName::key_forbidden, streaks.forbidden, conditions);
  add_access(subject, AlertName::key_unauthorized, streaks.unauthorized, conditions);
  add_stale(subject, conditions);
  add_waivers(subject, conditions);
}

/// Where no poll has proved anything, silence ends nothing; the configuration still does.
void add_ended(const Subject& subject, std::vector<Condition>& conditions) {
  if (subject.status.evidence != model::Evidence::none || subject.leaves_out(Phase::ended)) return;
  const auto end = [&](AlertName name, std::string_view kind, const model::Waiver& what) {
    Condition condition = subject.condition(name, "", Phase::ended);
    put(condition.alert.labels, "kind", kind);
    put(condition.alert.labels, "role", what.role);
    put(condition.alert.labels, "project_id", what.project_id);
    conditions.push_back(std::move(condition));
  };
  const bool missed = subject.key.expect == model::Expectation::present &&
                      !is_waived(subject, FindingKind::key_missing);
  if (!missed) end(AlertName::key_not_found, "", {});
  if (subject.key.waivers == nullptr) return;
  for (const model::Waiver& waiver : *subject.key.waivers) {
    // A text that was found is not known any more, so neither is whether it is forgiven.
    if (!waiver.actual.empty() || subject.now.wall >= waiver.until) continue;
    end(AlertName::key_drift, model::to_string(waiver.kind), waiver);
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

/// One condition for several drifts of a key, as severe as the worst that is confirmed, if any is.
Condition rest_of(std::span<const Condition> drifts) {
  const auto rank = [](const Condition& drift) {
    return std::pair(drift.phase == Phase::firing,
                     model::parse_severity(drift.alert.labels.at("severity")));
  };
  Condition rest = *std::ranges::max_element(drifts, {}, rank);
  put(rest.alert.labels, "kind", "more");
  rest.alert.labels.erase("role");
  rest.alert.labels.erase("project_id");
  rest.alert.summary = fmt::format("{}/{} has {} more findings", rest.alert.labels.at("org"),
                                   rest.alert.labels.at("key"), drifts.size());
  rest.alert.description = fmt::format(
      "One alert stands for all findings past the first {}. The status page and /api/v1/findings "
      "list each of them.",
      kMostDrifts);
  return rest;
}

}  // namespace

std::vector<Condition> conditions_of(const model::Organization& organization, const model::Key& key,
                                     const model::KeyStatus& status,
                                     const model::OrganizationStatus& of, const Terms& terms,
                                     const Now& now, Held held) {
  const Subject subject{organization, key, status, of, terms, now, held};
  std::vector<Condition> conditions;
  add_drifts(subject, conditions);
  add_by_time(subject, conditions);
  add_ended(subject, conditions);
  return conditions;
}

std::vector<Condition> conditions_by_time(const model::Organization& organization,
                                          const model::Key& key, const model::KeyStatus& status,
                                          const model::OrganizationStatus& of, const Terms& terms,
                                          const Now& now) {
  std::vector<Condition> conditions;
  add_by_time({organization, key, status, of, terms, now, Held::left_out}, conditions);
  return conditions;
}

void fold_rest(std::vector<Condition>& conditions,
               const std::function<bool(const Labels&)>& fires_already) {
  const auto is_drift = [](const Condition& condition) {
    return condition.alert.name == AlertName::key_drift && condition.phase != Phase::ended;
  };
  const auto drifts = static_cast<std::size_t>(std::ranges::count_if(conditions, is_drift));
  if (drifts <= kMostDrifts) return;
  std::vector<std::pair<int, Condition>> ranked;
  for (Condition& condition : conditions) {
    const int rank = !is_drift(condition)                    ? 0
                     : fires_already(condition.alert.labels) ? 1
                     : condition.phase == Phase::firing      ? 2
                                                             : 3;
    ranked.emplace_back(rank, std::move(condition));
  }
  std::ranges::stable_sort(ranked, {}, &std::pair<int, Condition>::first);
  const std::size_t kept = conditions.size() - drifts + kMostDrifts;
  conditions.clear();
  for (auto& [rank, condition] : ranked) conditions.push_back(std::move(condition));
  Condition rest = rest_of(std::span(conditions).subspan(kept));
  conditions.erase(conditions.begin() + static_cast<std::ptrdiff_t>(kept), conditions.end());
  conditions.push_back(std::move(rest));
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
  if (facts.weakened && now.steady < facts.weakened->at + kWeakenedFor) {
    Condition condition{alert_of(AlertName::policy_weakened, "warning", terms), Phase::firing};
    condition.alert.summary = "A configuration asks for less than the one before";
    condition.alert.description =
        facts.weakened->what +
        "\nWhat to do: have the change confirmed; the journal holds each line.";
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

base::Duration stale_limit(const model::OrganizationStatus& of, const Terms& terms) {
  return terms.stale_after * of.effective_interval;
}

bool depends_on_time(const model::Key& key, const model::KeyStatus& status,
                     base::SteadyTime stale_before) {
  return key.waivers != nullptr || status.streaks.failed > 0 || proven_at(status) <= stale_before;
}

}  // namespace aka::incident
