// What every report asks of a key.
#include "report/keys.h"

namespace aka::report {

void each_key(const model::Snapshot& snapshot, std::size_t first,
              const std::function<bool(const KeyView&)>& visit) {
  for (const model::Organization& organization : snapshot.roster->organizations) {
    const std::size_t skipped = first > organization.first_key ? first - organization.first_key : 0;
    for (std::size_t i = skipped; i < organization.keys.size(); ++i) {
      const KeyView view{organization, organization.keys[i],
                         snapshot.status(organization.first_key + i)};
      if (!visit(view)) return;
    }
  }
}

void each_finding(const model::Snapshot& snapshot,
                  const std::function<bool(const FindingView&)>& visit) {
  for (std::size_t i = 0; i < snapshot.organizations.size(); ++i) {
    const model::Organization& organization = snapshot.roster->organizations[i];
    for (std::size_t k = 0; k < organization.keys.size(); ++k) {
      const KeyView view{organization, organization.keys[k],
                         snapshot.status(organization.first_key + k)};
      for (const model::Finding& finding : findings_of(view.status)) {
        if (!visit({organization, &view, nullptr, finding})) return;
      }
    }
    if (snapshot.organizations[i].discovery == nullptr) continue;
    for (const model::UnmanagedKey& key : snapshot.organizations[i].discovery->unmanaged) {
      if (!visit({organization, nullptr, &key, key.finding})) return;
    }
  }
}

void each_unmanaged(
    const model::Snapshot& snapshot,
    const std::function<bool(const model::Organization&, const model::UnmanagedKey&)>& visit) {
  for (std::size_t i = 0; i < snapshot.organizations.size(); ++i) {
    if (snapshot.organizations[i].discovery == nullptr) continue;
    for (const model::UnmanagedKey& key : snapshot.organizations[i].discovery->unmanaged) {
      if (!visit(snapshot.roster->organizations[i], key)) return;
    }
  }
}

void each_unmanaged_view(const model::Snapshot& snapshot, const model::Organization& organization,
                         const std::function<void(const KeyView&)>& visit) {
  const auto& discovery = status_of(snapshot, organization).discovery;
  if (discovery == nullptr) return;
  for (const model::UnmanagedKey& unmanaged : discovery->unmanaged) {
    model::Key key;
    key.id = unmanaged.id;
    key.name = unmanaged.id.to_string();
    key.owner = organization.owner;
    model::KeyStatus status;
    status.state = model::State::drift;
    status.evidence = model::Evidence::record;
    status.findings = std::make_shared<const model::Findings>(model::Findings{unmanaged.finding});
    visit({organization, key, status});
  }
}

const model::OrganizationStatus& status_of(const model::Snapshot& snapshot,
                                           const model::Organization& organization) {
  return snapshot.organizations[static_cast<std::size_t>(&organization -
                                                         snapshot.roster->organizations.data())];
}

const std::string& unread_list(const model::Snapshot& snapshot,
                               const model::Organization& organization) {
  static const std::string read;
  const auto& discovery = status_of(snapshot, organization).discovery;
  return discovery == nullptr ? read : discovery->failure;
}

std::string policy_label(const model::Key& key) {
  if (key.policy == nullptr) return {};
  return key.policy->name.empty() ? "inline" : key.policy->name;
}

bool is_judged(const model::KeyStatus& status) {
  return status.state == model::State::compliant || status.state == model::State::drift ||
         status.reason == model::Reason::key_missing;
}

const model::Findings& findings_of(const model::KeyStatus& status) {
  static const model::Findings none;
  return status.findings == nullptr ? none : *status.findings;
}

bool compares_texts(model::FindingKind kind) {
  return kind == model::FindingKind::description_mismatch ||
         kind == model::FindingKind::public_key_changed;
}

}  // namespace aka::report
