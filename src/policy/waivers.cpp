// The one evaluator of waivers. It is asked with an instant and keeps nothing, so that a waiver
// cannot outlive its date on some forgotten path.
#include "policy/waivers.h"

#include <algorithm>
#include <tuple>

namespace aka::policy {
namespace {

constexpr std::chrono::days kExpiringSoon{7};

bool binds_text(model::FindingKind kind) {
  return kind == model::FindingKind::description_mismatch ||
         kind == model::FindingKind::public_key_changed;
}

bool is_unused(const model::Waiver& waiver, const model::KeyStatus& status) {
  if (status.evidence == model::Evidence::none || !status.judged_by_current_policy) return false;
  return status.findings == nullptr ||
         std::ranges::none_of(*status.findings, [&](const model::Finding& finding) {
           return binds(waiver, finding);
         });
}

}  // namespace

bool binds(const model::Waiver& waiver, const model::Finding& finding) {
  return std::tie(waiver.kind, waiver.role, waiver.project_id) ==
             std::tie(finding.kind, finding.role, finding.project_id) &&
         (!binds_text(waiver.kind) || waiver.actual == finding.actual);
}

const model::Waiver* forgiving(const model::Finding& finding, const model::Key& key,
                               base::WallTime now) {
  if (key.waivers == nullptr) return nullptr;
  const auto found = std::ranges::find_if(*key.waivers, [&](const model::Waiver& waiver) {
    return now < waiver.until && binds(waiver, finding);
  });
  return found == key.waivers->end() ? nullptr : &*found;
}

bool is_waived(const model::Finding& finding, const model::Key& key, base::WallTime now) {
  return forgiving(finding, key, now) != nullptr;
}

model::WaiverState waiver_state(const model::Waiver& waiver, const model::KeyStatus& status,
                                base::WallTime now) {
  using model::WaiverState;
  if (now >= waiver.until) return WaiverState::expired;
  if (is_unused(waiver, status)) return WaiverState::unused;
  return waiver.until - now <= kExpiringSoon ? WaiverState::expiring : WaiverState::active;
}

}  // namespace aka::policy
