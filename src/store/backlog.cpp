// The queue before the disk. Entry points: Backlog::push(), take(), give_back(). Order is what it
// keeps: remnant, then waiting ones, and a batch that comes back is older than both.
#include "store/backlog.h"

#include <iterator>
#include <utility>

namespace aka::store {

void Backlog::push(Transition transition, Then then) {
  if (then) ++thens_;
  waiting_.push_back({std::move(transition), std::move(then)});
  drop_beyond_limit();
}

void Backlog::push_front(Transition transition) {
  waiting_.push_front({std::move(transition), nullptr});
  drop_beyond_limit();
}

void Backlog::drop_beyond_limit() {
  while (waiting_.size() > limit_) {
    Waiting& oldest = waiting_.front();
    remnant_.fold(std::move(oldest.transition));
    if (oldest.then) {
      orphans_.push_back(std::move(oldest.then));
      --thens_;
    }
    waiting_.pop_front();
  }
}

Backlog::Batch Backlog::take(std::size_t most, base::WallTime now) {
  Batch batch;
  if (!remnant_.empty()) {
    batch.leads_with_remnant = true;
    batch.transitions.push_back(remnant_.transition(now));
    remnant_out_ = std::exchange(remnant_, {});
  }
  for (; most > 0 && !waiting_.empty(); --most) {
    Waiting& oldest = waiting_.front();
    batch.transitions.push_back(std::move(oldest.transition));
    if (oldest.then) {
      batch.thens.push_back(std::move(oldest.then));
      --thens_;
    }
    waiting_.pop_front();
  }
  return batch;
}

void Backlog::committed() { remnant_out_ = {}; }

void Backlog::give_back(std::vector<Transition> transitions, bool leads_with_remnant) {
  if (leads_with_remnant) transitions.erase(transitions.begin());
  Remnant oldest = std::exchange(remnant_out_, {});
  if (remnant_.empty()) {
    for (auto it = transitions.rbegin(); it != transitions.rend(); ++it)
      waiting_.push_front({std::move(*it), nullptr});
  } else {
    // Newer ones were dropped meanwhile, so these are to be dropped before them.
    for (Transition& transition : transitions) oldest.fold(std::move(transition));
    oldest.fold(remnant_);
  }
  remnant_ = std::move(oldest);
  drop_beyond_limit();
}

std::vector<Then> Backlog::take_orphans() { return std::exchange(orphans_, {}); }

std::vector<Then> Backlog::take_thens() {
  std::vector<Then> all = take_orphans();
  for (Waiting& one : waiting_) {
    if (one.then) all.push_back(std::exchange(one.then, nullptr));
  }
  thens_ = 0;
  return all;
}

}  // namespace aka::store
