// The status table: chunks that are copied on write while a snapshot shares them.
#include "model/snapshot.h"

#include <algorithm>
#include <utility>

namespace aka::model {

StatusTable::StatusTable(std::shared_ptr<const Roster> roster, int stale_after)
    : roster_(std::move(roster)),
      stale_after_(stale_after),
      organizations_(roster_->organizations.size()) {
  chunks_.reserve((roster_->key_count + kChunkSize - 1) / kChunkSize);
  for (std::size_t i = 0; i < roster_->key_count; i += kChunkSize) {
    chunks_.push_back(std::make_shared<Chunk>());
  }
  shared_.resize(chunks_.size());
}

Snapshot StatusTable::snapshot(const base::Clock& clock) const {
  Snapshot result;
  result.roster = roster_;
  result.stale_after = stale_after_;
  const std::scoped_lock lock(mutex_);
  result.chunks.assign(chunks_.begin(), chunks_.end());
  std::ranges::fill(shared_, char{1});
  result.organizations = organizations_;
  result.wall = clock.wall();
  result.steady = clock.steady();
  return result;
}

KeyStatus StatusTable::key(std::size_t index) const {
  const std::scoped_lock lock(mutex_);
  return (*chunks_[index / kChunkSize])[index % kChunkSize];
}

void StatusTable::visit(const std::function<void(const Place&, const KeyStatus&)>& look) const {
  const std::scoped_lock lock(mutex_);
  for (std::size_t i = 0; i < roster_->organizations.size(); ++i) {
    const Organization& organization = roster_->organizations[i];
    std::size_t index = organization.first_key;
    for (const Key& key : organization.keys) {
      look({i, index, key}, (*chunks_[index / kChunkSize])[index % kChunkSize]);
      ++index;
    }
  }
}

OrganizationStatus StatusTable::organization(std::size_t index) const {
  const std::scoped_lock lock(mutex_);
  return organizations_[index];
}

void StatusTable::update(std::size_t key, std::size_t organization,
                         const std::function<void(KeyStatus&, OrganizationStatus&)>& change) {
  const std::scoped_lock lock(mutex_);
  change(writable(key), organizations_[organization]);
}

void StatusTable::update_organization(std::size_t index,
                                      const std::function<void(OrganizationStatus&)>& change) {
  const std::scoped_lock lock(mutex_);
  change(organizations_[index]);
}

void StatusTable::set_key(std::size_t index, KeyStatus status) {
  const std::scoped_lock lock(mutex_);
  writable(index) = std::move(status);
}

void StatusTable::set_organization(std::size_t index, const OrganizationStatus& status) {
  const std::scoped_lock lock(mutex_);
  organizations_[index] = status;
}

KeyStatus& StatusTable::writable(std::size_t index) {
  const std::size_t number = index / kChunkSize;
  // A flag and not use_count(): that one is a relaxed load, which does not order our write after
  // the last reader's reads.
  if (shared_[number] != 0) {
    chunks_[number] = std::make_shared<Chunk>(*chunks_[number]);
    shared_[number] = 0;
  }
  return (*chunks_[number])[index % kChunkSize];
}

}  // namespace aka::model
