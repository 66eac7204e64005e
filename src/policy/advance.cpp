// How a key's status moves: by a poll, by a new configuration, by a waiver's end. Every mover works
// on a copy of the status before and says what changed; findings are compared as sorted lists.
#include "policy/advance.h"

#include <algorithm>
#include <utility>

#include "policy/judge.h"
#include "policy/waivers.h"

namespace aka::policy {
namespace {

using model::Finding;
using model::Findings;
using model::KeyStatus;
using model::State;

const Findings& findings_of(const KeyStatus& status) {
  static const Findings none;
  return status.findings == nullptr ? none : *status.findings;
}

std::optional<ChangeKind> change_between(const Finding* before, const Finding& after) {
  if (before == nullptr) return after.waived ? ChangeKind::waived : ChangeKind::opened;
  if (before->waived == after.waived) return std::nullopt;
  return after.waived ? ChangeKind::waived : ChangeKind::lapsed;
}

const Finding* find(const Findings& sorted, const Finding& subject) {
  const auto found = std::ranges::lower_bound(sorted, subject, sorts_before);
  return found != sorted.end() && same_subject(*found, subject) ? &*found : nullptr;
}

void replace_findings(KeyStatus& status, Findings found, std::vector<Change>& changes) {
  const Findings& held = findings_of(status);
  for (Finding& finding : found) {
    const Finding* before = find(held, finding);
    if (before != nullptr) finding.since = before->since;
    finding.first_poll = before != nullptr ? before->first_poll : status.conclusive_polls;
    if (const auto kind = change_between(before, finding)) changes.push_back({*kind, finding});
  }
  for (const Finding& finding : held) {
    if (find(found, finding) == nullptr) changes.push_back({ChangeKind::closed, finding});
  }
  if (found == held) return;
  status.findings = found.empty() ? nullptr : std::make_shared<const Findings>(std::move(found));
}

/// Only of a status whose last poll judged a record or a rightly absent key.
State state_by_findings(const KeyStatus& status) {
  return has_open_findings(status) ? State::drift : State::compliant;
}

void count(std::uint16_t& polls) {
  if (polls < model::Streaks::kMost) ++polls;
}

void count_conclusive(KeyStatus& status, bool found, model::Expectation expect) {
  model::Streaks& streaks = status.streaks;
  ++status.conclusive_polls;
  streaks.forbidden = streaks.unauthorized = streaks.failed = 0;
  if (found) {
    streaks.not_found = streaks.org_missing = 0;
    count(streaks.found);
    if (expect == model::Expectation::absent) streaks.gone = 0;
  } else {
    count(streaks.gone);
    if (expect == model::Expectation::present) {
      count(streaks.not_found);
      streaks.found = 0;
    }
  }
}

void count_failure(KeyStatus& status, const model::Failure& failure, base::SteadyTime at) {
  model::Streaks& streaks = status.streaks;
  if (streaks.failed == 0) status.trouble_since = at;
  count(streaks.failed);
  if (failure.state == State::forbidden) count(streaks.forbidden);
  if (failure.state == State::unauthorized) count(streaks.unauthorized);
  if (failure.state == State::not_found) {
    if (failure.reason == model::Reason::org_missing && streaks.not_found < model::Streaks::kMost) {
      count(streaks.org_missing);
    }
    count(streaks.not_found);
    streaks.found = 0;
  }
}

void conclude(KeyStatus& status, const model::Key& key, const model::Observation& observation,
              std::vector<Change>& changes) {
  const auto* record = std::get_if<model::KeyRecord>(&observation.answer);
  count_conclusive(status, record != nullptr, key.expect);
  replace_findings(status, judge(key, record, observation.wall), changes);
  const bool gone = record == nullptr && key.expect == model::Expectation::present;
  status.state = gone ? State::not_found : state_by_findings(status);
  status.reason = gone ? model::Reason::key_missing : model::Reason::none;
  status.message = nullptr;
  status.evidence = record != nullptr ? model::Evidence::record : model::Evidence::missing;
  status.judged_by_current_policy = true;
  status.last_success = observation.wall;
  status.last_success_steady = observation.steady;
}

void note_failure(KeyStatus& status, const model::Failure& failure) {
  status.state = failure.state;
  status.reason = failure.reason;
  if (status.message == nullptr || *status.message != failure.message) {
    status.message = std::make_shared<const std::string>(failure.message);
  }
}

void apply_waivers(KeyStatus& status, const model::Key& key, base::WallTime now,
                   std::vector<Change>& changes) {
  const Findings& held = findings_of(status);
  const bool as_they_were = std::ranges::all_of(
      held, [&](const Finding& finding) { return finding.waived == is_waived(finding, key, now); });
  if (as_they_were) return;
  Findings found = held;
  for (Finding& finding : found) finding.waived = is_waived(finding, key, now);
  replace_findings(status, std::move(found), changes);
  if (status.state == State::compliant || status.state == State::drift) {
    status.state = state_by_findings(status);
  }
}

bool same_rule(const std::optional<model::DescriptionRule>& left,
               const std::optional<model::DescriptionRule>& right) {
  if (!left || !right) return left.has_value() == right.has_value();
  if (left->index() != right->index()) return false;
  if (const auto* text = std::get_if<std::string>(&*left)) {
    return *text == std::get<std::string>(*right);
  }
  return std::get<base::TextPattern>(*left).expression() ==
         std::get<base::TextPattern>(*right).expression();
}

bool same_rules(const std::optional<model::RoleRules>& left,
                const std::optional<model::RoleRules>& right) {
  if (!left || !right) return left.has_value() == right.has_value();
  return std::tie(left->required, left->allowed, left->forbidden) ==
         std::tie(right->required, right->allowed, right->forbidden);
}

/// Their names aside, which judge nothing.
bool same_policy(const model::Policy* left, const model::Policy* right) {
  if (left == right) return true;
  if (left == nullptr || right == nullptr) return false;
  return same_rule(left->description, right->description) &&
         same_rules(left->roles, right->roles) && left->severity == right->severity;
}

Advance finish(const KeyStatus& before, KeyStatus after, std::vector<Change> changes) {
  const bool state_changed =
      std::tie(before.state, before.reason) != std::tie(after.state, after.reason);
  return {std::move(after), std::move(changes), state_changed, before.state};
}

}  // namespace

Advance advance(const KeyStatus& before, const model::Key& key,
                const model::Observation& observation) {
  KeyStatus after = before;
  std::vector<Change> changes;
  after.http_status = static_cast<std::int16_t>(observation.http_status);
  after.last_poll = observation.wall;
  if (const auto* failure = std::get_if<model::Failure>(&observation.answer)) {
    note_failure(after, *failure);
    count_failure(after, *failure, observation.steady);
  } else {
    conclude(after, key, observation, changes);
  }
  return finish(before, std::move(after), std::move(changes));
}

Rules rules_between(const model::Key& old_key, const model::Key& new_key) {
  const bool same = old_key.expect == new_key.expect && old_key.public_key == new_key.public_key &&
                    same_policy(old_key.policy.get(), new_key.policy.get());
  return same ? Rules::same : Rules::changed;
}

Advance carry_over(const KeyStatus& before, Rules rules, const model::Key& new_key,
                   base::WallTime now) {
  KeyStatus after = before;
  std::vector<Change> changes;
  if (rules == Rules::changed) after.judged_by_current_policy = false;
  apply_waivers(after, new_key, now, changes);
  return finish(before, std::move(after), std::move(changes));
}

Advance reevaluate(const KeyStatus& before, const model::Key& key, base::WallTime now) {
  KeyStatus after = before;
  std::vector<Change> changes;
  apply_waivers(after, key, now, changes);
  return finish(before, std::move(after), std::move(changes));
}

}  // namespace aka::policy
