#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <vector>

#include "base/clock.h"
#include "store/remnant.h"
#include "store/store.h"

namespace aka::store {

using Then = std::function<void(bool committed)>;

/// Transitions that wait for the disk, in order and bounded: beyond the limit the oldest become a
/// remnant, which stands before all others. Not safe from several threads.
class Backlog {
 public:
  /// What is to be committed together. While it is out, the backlog takes others.
  struct Batch {
    std::vector<Transition> transitions;
    std::vector<Then> thens;
    bool leads_with_remnant = false;
  };

  explicit Backlog(std::size_t limit) : limit_(limit) {}

  void push(Transition transition, Then then);
  void push_front(Transition transition);

  bool empty() const { return waiting_.empty() && remnant_.empty(); }
  std::size_t size() const { return waiting_.size() + (remnant_.empty() ? 0 : 1); }

  /// The oldest, at most `most` and the remnant. Then committed() or give_back().
  Batch take(std::size_t most, base::WallTime now);
  void committed();
  void give_back(std::vector<Transition> transitions, bool leads_with_remnant);

  /// Those that wait for transitions that were dropped.
  std::vector<Then> take_orphans();
  /// These and those of all transitions: for when there will be no commit soon.
  std::vector<Then> take_thens();
  bool has_thens() const { return thens_ > 0 || !orphans_.empty(); }

 private:
  struct Waiting {
    Transition transition;
    Then then;
  };

  void drop_beyond_limit();

  std::size_t limit_;
  Remnant remnant_;
  Remnant remnant_out_;  ///< the part that is in the batch which is out
  std::deque<Waiting> waiting_;
  std::size_t thens_ = 0;  ///< of waiting_
  std::vector<Then> orphans_;
};

}  // namespace aka::store
