// What is kept of dropped transitions. Entry points: Remnant::fold(), Remnant::transition().
// Records grow without end while a disk fails; facts and undelivered notifications are as many as
// keys and alerts, so nothing that a restart needs has to be dropped with them.
#include "store/remnant.h"

#include <fmt/format.h>

namespace aka::store {

void Remnant::fold(Transition transition) {
  lost_records_ += transition.records.size();
  fold_state(std::move(transition.facts), std::move(transition.outbox), transition.delivered);
}

void Remnant::fold(const Remnant& newer) {
  lost_records_ += newer.lost_records_;
  Transition state = newer.transition({});
  fold_state(std::move(state.facts), std::move(state.outbox), state.delivered);
}

void Remnant::fold_state(std::vector<Fact> facts, std::vector<OutboxEntry> outbox,
                         const std::vector<std::int64_t>& delivered) {
  for (Fact& fact : facts) facts_[{fact.kind, std::move(fact.id)}] = std::move(fact.value);
  for (OutboxEntry& entry : outbox) outbox_[entry.id] = std::move(entry);
  for (const std::int64_t id : delivered) {
    outbox_.erase(id);
    delivered_.insert(id);
  }
}

bool Remnant::empty() const {
  return lost_records_ == 0 && facts_.empty() && outbox_.empty() && delivered_.empty();
}

Transition Remnant::transition(base::WallTime now) const {
  Transition all;
  if (lost_records_ > 0) {
    all.records.push_back(
        {.time = now,
         .type = journal::RecordType::journal_recovered,
         .data = fmt::format(R"({{"lost":{},"why":"the store could not be written to, and no more )"
                             R"(records could be kept"}})",
                             lost_records_)});
  }
  for (const auto& [key, value] : facts_) all.facts.push_back({key.first, key.second, value});
  for (const auto& [id, entry] : outbox_) all.outbox.push_back(entry);
  all.delivered.assign(delivered_.begin(), delivered_.end());
  return all;
}

}  // namespace aka::store
