// Steps that come late, in order all the same. Entry points: owe() while nothing is polled,
// settle() and settle_next() afterwards.
#include "audit/owed_steps.h"

#include <utility>

#include "audit/ancestry.h"

namespace aka::audit {

OwedSteps::OwedSteps(const model::StatusTable& table, const Observers& observers)
    : table_(table), observers_(observers) {}

void OwedSteps::owe(std::size_t index, policy::Advance advance) {
  if (owed_.empty()) owed_.resize(table_.roster()->key_count);
  owed_[index] = true;
  if (advance.state_changed || !advance.changes.empty()) {
    advances_.emplace(index, std::move(advance));
  }
}

void OwedSteps::settle(std::size_t index) {
  if (owed_.empty() || !owed_[index]) return;
  owed_[index] = false;
  step(index);
}

bool OwedSteps::settle_next(std::size_t most) {
  for (std::size_t done = 0; next_ < owed_.size() && done < most; ++next_) {
    if (owed_[next_]) ++done;
    settle(next_);
  }
  if (next_ < owed_.size()) return true;
  owed_ = {};
  advances_ = {};
  return false;
}

void OwedSteps::step(std::size_t index) {
  const model::Roster& roster = *table_.roster();
  const Place place = key_at(roster, index);
  policy::Advance advance;
  if (const auto found = advances_.find(index); found != advances_.end()) {
    advance = std::move(found->second);
    advances_.erase(found);
    if (!advance.changes.empty()) observers_.change(place.organization, place.key, advance);
  } else {
    advance.after = table_.key(index);
    advance.from = advance.after.state;
  }
  observers_.steps.key({Mover::reload, place.organization, place.key, advance,
                        table_.organization(index_of(roster, place.organization))});
}

}  // namespace aka::audit
