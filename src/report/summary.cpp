// Counts over a snapshot, and the exit code that follows from them.
#include "report/summary.h"

#include <algorithm>

#include "report/keys.h"

namespace aka::report {
namespace {

void count(Summary& summary, const model::KeyStatus& status) {
  const auto open = static_cast<std::size_t>(
      std::ranges::count(findings_of(status), false, &model::Finding::waived));
  const bool judged = is_judged(status);
  ++summary.keys;
  summary.findings += open;
  if (!judged) ++summary.undetermined;
  if (judged && open == 0) ++summary.compliant;
}

void count(Summary& summary, const model::OrganizationStatus& status) {
  if (status.discovery == nullptr) return;
  summary.findings += status.discovery->unmanaged.size();
  if (!status.discovery->failure.empty()) ++summary.unread_lists;
}

}  // namespace

Summary summarize(const model::Snapshot& snapshot) {
  Summary summary;
  each_key(snapshot, 0, [&](const KeyView& view) {
    count(summary, view.status);
    return true;
  });
  for (const model::OrganizationStatus& status : snapshot.organizations) count(summary, status);
  return summary;
}

Summary summarize(const model::Snapshot& snapshot, const model::Organization& organization) {
  Summary summary;
  for (std::size_t i = 0; i < organization.keys.size(); ++i) {
    count(summary, snapshot.status(organization.first_key + i));
  }
  count(summary, status_of(snapshot, organization));
  return summary;
}

int exit_code(const Summary& summary) {
  if (summary.findings > 0) return 2;
  return summary.undetermined + summary.unread_lists > 0 ? 1 : 0;
}

}  // namespace aka::report
