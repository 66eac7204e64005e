// Which keys of an organization nobody listed. Entry points: meet() for each page of a sweep, then
// complete() or break_off(). Both sides are kept sorted by id.
#include "policy/discovery.h"

#include <algorithm>
#include <utility>

#include "model/status.h"
#include "policy/check_table.h"
#include "policy/severity.h"

namespace aka::policy {
namespace {

using model::Discovery;
using model::KeyRecord;
using model::UnmanagedKey;
using Before = std::shared_ptr<const Discovery>;

constexpr int kAbsencesThatClose = 2;

Discovery copy_of(const Before& before) { return before == nullptr ? Discovery{} : *before; }

/// Shares what did not change.
DiscoveryAdvance finish(const Before& before, Discovery after, DiscoveryAdvance advance) {
  const bool same = before != nullptr && *before == after;
  advance.after = same ? before : std::make_shared<const Discovery>(std::move(after));
  return advance;
}

void note(DiscoveryAdvance& advance, ChangeKind kind, const UnmanagedKey& key) {
  advance.changes.push_back({kind, key.finding});
  advance.keys.push_back(key.id);
}

UnmanagedKey unmanaged(const KeyRecord& record, model::KeyOwner owner, base::WallTime now) {
  UnmanagedKey key;
  key.id = record.id;
  key.description = shortened(record.description);
  key.public_key = shortened(record.public_key);
  key.roles = record.roles;
  key.owner = owner;
  key.finding.kind = model::FindingKind::unmanaged_key;
  key.finding.severity = usual_severity(key.finding.kind).least;
  key.finding.expected = "a key that the configuration lists";
  key.finding.actual = owner == model::KeyOwner::daemon ? "the daemon's own: " + described(record)
                                                        : described(record);
  key.finding.since = now;
  return key;
}

/// Removes those that `is_gone` says, and notes each as closed.
template <typename Predicate>
void close_if(Discovery& discovery, DiscoveryAdvance& advance, const Predicate& is_gone) {
  for (const UnmanagedKey& key : discovery.unmanaged) {
    if (is_gone(key)) note(advance, ChangeKind::closed, key);
  }
  std::erase_if(discovery.unmanaged, is_gone);
}

void meet_key(Discovery& discovery, DiscoveryAdvance& advance, UnmanagedKey key) {
  auto& all = discovery.unmanaged;
  const auto place = std::ranges::lower_bound(all, key.id, {}, &UnmanagedKey::id);
  if (place != all.end() && place->id == key.id) {
    key.finding.since = place->finding.since;
    key.absences = place->absences;
    key.presences = place->presences;
    *place = std::move(key);
    return;
  }
  note(advance, ChangeKind::opened, key);
  all.insert(place, std::move(key));
}

}  // namespace

KnownKeys::KnownKeys(const model::Organization& organization, std::string own_public_key)
    : own_public_key_(std::move(own_public_key)) {
  if (!organization.discover) return;  // nobody will ask
  listed_.reserve(organization.keys.size());
  for (const model::Key& key : organization.keys) listed_.push_back(key.id);
  std::ranges::sort(listed_);
}

bool KnownKeys::lists(model::KeyId id) const { return std::ranges::binary_search(listed_, id); }

model::KeyOwner KnownKeys::owner_of(const KeyRecord& record) const {
  const bool own = !own_public_key_.empty() && record.public_key == own_public_key_;
  return own ? model::KeyOwner::daemon : model::KeyOwner::somebody;
}

DiscoveryAdvance meet(const Before& before, Sweep& sweep, const std::vector<KeyRecord>& page,
                      const KnownKeys& known, base::WallTime now) {
  Discovery after = copy_of(before);
  DiscoveryAdvance advance;
  for (const KeyRecord& record : page) {
    if (known.lists(record.id)) continue;
    sweep.met.push_back(record.id);
    meet_key(after, advance, unmanaged(record, known.owner_of(record), now));
  }
  std::ranges::sort(sweep.met);
  return finish(before, std::move(after), std::move(advance));
}

DiscoveryAdvance complete(const Before& before, const Sweep& sweep, base::WallTime now) {
  Discovery after = copy_of(before);
  DiscoveryAdvance advance;
  after.last_complete = now;
  after.failure.clear();
  for (UnmanagedKey& key : after.unmanaged) {
    const bool met = std::ranges::binary_search(sweep.met, key.id);
    key.absences = met ? 0 : key.absences + 1;
    key.presences = met ? std::min<int>(key.presences + 1, model::Streaks::kMost) : 0;
  }
  close_if(after, advance,
           [](const UnmanagedKey& key) { return key.absences >= kAbsencesThatClose; });
  return finish(before, std::move(after), std::move(advance));
}

DiscoveryAdvance break_off(const Before& before, std::string failure) {
  Discovery after = copy_of(before);
  after.failure = std::move(failure);
  return finish(before, std::move(after), {});
}

DiscoveryAdvance carry_over(const Before& before, const model::Organization& organization) {
  if (before == nullptr) return {};
  Discovery after = *before;
  DiscoveryAdvance advance;
  const KnownKeys known(organization, {});
  close_if(after, advance,
           [&](const UnmanagedKey& key) { return !organization.discover || known.lists(key.id); });
  if (!organization.discover) return advance;
  return finish(before, std::move(after), std::move(advance));
}

bool awaits_confirmation(const Discovery& discovery, int confirm) {
  return std::ranges::any_of(discovery.unmanaged, [confirm](const UnmanagedKey& key) {
    return key.absences > 0 || key.presences < confirm;
  });
}

}  // namespace aka::policy
