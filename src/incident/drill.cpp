// Drills: a finding that nobody met, judged and told as if it were real. The key's status is not
// touched, so that no verdict, metric or real alert of the key changes.
#include "incident/drill.h"

#include <algorithm>

#include <fmt/format.h>

#include "policy/judge.h"
#include "policy/waivers.h"
#include "report/finding_text.h"

namespace aka::incident {
namespace {

using model::Finding;
using model::FindingKind;

base::Result<model::Role> role_in(const std::string& text) {
  const std::size_t sign = text.find('@');
  const std::string name = text.substr(0, sign);
  if (!name.empty() && sign == std::string::npos) {
    return model::Role{name, model::Scope::own_organization()};
  }
  const auto project =
      model::ProjectId::parse(sign == std::string::npos ? "" : text.substr(sign + 1));
  if (name.empty() || !project) {
    return base::fail(base::ErrorKind::invalid_input,
                      fmt::format("'{}' is no role: write ORG_OWNER, or GROUP_OWNER@ with a "
                                  "project's id of 24 hex digits",
                                  text));
  }
  return model::Role{name, model::Scope::of_project(*project)};
}

/// What the key would be after it.
base::Result<model::KeyRecord> record_after(const Pretended& pretended, const model::Key& key) {
  model::KeyRecord record;
  record.id = key.id;
  record.public_key = key.public_key;
  if (pretended.what == Pretence::description_changed) record.description = pretended.text;
  if (pretended.what == Pretence::role_added) {
    auto role = role_in(pretended.text);
    if (!role) return tl::unexpected(std::move(role.error()));
    record.roles.push_back(*std::move(role));
  }
  return record;
}

bool is_meant(const Pretended& pretended, const Finding& finding) {
  switch (pretended.what) {
    case Pretence::role_added:
      return (finding.kind == FindingKind::role_forbidden ||
              finding.kind == FindingKind::role_unexpected) &&
             report::role_of(finding) == pretended.text;
    case Pretence::role_removed:
      return finding.kind == FindingKind::role_missing &&
             report::role_of(finding) == pretended.text;
    case Pretence::description_changed:
      return finding.kind == FindingKind::description_mismatch;
  }
  return false;
}

std::string required_by(const model::Policy& policy) {
  std::string list;
  if (!policy.roles) return "none";
  for (const model::RolePattern& pattern : policy.roles->required) {
    list += (list.empty() ? "" : ", ") + to_string(pattern);
  }
  return list.empty() ? "none" : list;
}

std::string why_nothing(const Pretended& pretended, const model::Key& key) {
  switch (pretended.what) {
    case Pretence::role_added:
      return fmt::format(
          "the policy of {} allows {}, so that nobody would be told: add another role", key.name,
          pretended.text);
    case Pretence::role_removed:
      return fmt::format(
          "the policy of {} does not require {}, so that nobody would be told; it "
          "requires {}",
          key.name, pretended.text, required_by(*key.policy));
    case Pretence::description_changed:
      return fmt::format(
          "the policy of {} has nothing against that description, so that nobody "
          "would be told",
          key.name);
  }
  return {};
}

}  // namespace

base::Result<Finding> pretend(const Pretended& pretended, const model::Key& key,
                              base::WallTime now) {
  if (key.policy == nullptr) {
    return base::fail(
        base::ErrorKind::invalid_input,
        fmt::format("{} must stay deleted, so that it has no roles and no description "
                    "to change: take a key with a policy",
                    key.name));
  }
  const auto record = record_after(pretended, key);
  if (!record) return tl::unexpected(record.error());
  const model::Findings findings = policy::judge(key, &*record, now);
  const auto found = std::ranges::find_if(
      findings, [&](const Finding& finding) { return is_meant(pretended, finding); });
  if (found == findings.end()) {
    return base::fail(base::ErrorKind::invalid_input, why_nothing(pretended, key));
  }
  if (found->waived) {
    return base::fail(
        base::ErrorKind::invalid_input,
        fmt::format("a waiver of {} forgives that, so that nobody would be told: take "
                    "something else",
                    key.name));
  }
  return *found;
}

Alert drill_alert(const model::Organization& organization, const model::Key& key,
                  const Finding& finding, const Terms& terms, base::WallTime now) {
  // Seen often enough to be confirmed at once.
  model::KeyStatus status;
  status.state = model::State::drift;
  status.evidence = model::Evidence::record;
  status.judged_by_current_policy = true;
  status.last_poll = status.last_success = now;
  status.conclusive_polls = model::Streaks::kMost + 1;
  Finding confirmed = finding;
  confirmed.first_poll = 1;
  status.findings = std::make_shared<const model::Findings>(model::Findings{confirmed});
  model::Key without_waivers = key;
  without_waivers.waivers = nullptr;
  const auto conditions =
      conditions_of(organization, without_waivers, status, {}, terms, {now, {}}, Held::left_out);
  const auto drift = std::ranges::find_if(conditions, [](const Condition& condition) {
    return condition.alert.name == AlertName::key_drift;
  });
  Alert alert = drift->alert;
  alert.labels.insert_or_assign(kDrillLabel, "true");
  alert.summary = "DRILL: " + alert.summary;
  alert.description =
      "This is a drill: somebody asked the auditor to pretend, and the key is not changed.\n" +
      alert.description;
  alert.starts_at = now;
  return alert;
}

}  // namespace aka::incident
