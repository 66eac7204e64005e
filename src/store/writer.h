#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "store/store.h"

namespace aka::store {

/// One commit that is on disk.
struct Committed {
  Head head;
  std::size_t records = 0;  ///< those of the transitions; a retention_cut is one too
  std::size_t transitions = 0;
  std::chrono::nanoseconds took{};
};

/// What goes on in the store. Called on the writer's thread, without a lock held.
class WriterObserver {
 public:
  virtual ~WriterObserver() = default;

  virtual void committed(const Committed& commit) = 0;
  /// A commit, a cut or an attempt to open failed; once for each attempt, so at most every second
  /// for as long as it lasts. The next committed() says that it is over.
  virtual void failed(const base::Error& error) = 0;
  /// A store was opened by the writer: late, or anew after damage. What it holds may be older than
  /// what the process knows. The answer is committed before all that was kept: the facts and outbox
  /// as they are in memory.
  virtual Transition opened(const Restored& restored) = 0;
};

using OpenStore = std::function<base::Result<std::unique_ptr<Store>>()>;

struct WriterLimits {
  std::size_t group = 5000;   ///< transitions in one commit
  std::size_t kept = 100000;  ///< transitions that wait; beyond it the oldest lose their records
  std::chrono::milliseconds retry = std::chrono::seconds(1);
  /// From one commit to the next, so that many small steps become few commits. After a quiet time
  /// `burst` of them may come as they like.
  std::chrono::milliseconds pace{0};
  int burst = 1;
};

/// The one thread that writes to the store. It takes all that is queued into one commit, so that a
/// slow disk makes commits larger and never makes a poll wait. While the disk fails, transitions
/// are kept and tried again; of those dropped beyond the limit, facts and outbox entries still come
/// to the disk, and a `journal_recovered` record tells how many records were lost.
class Writer {
 public:
  /// On the writer's thread, once: after the commit, or as soon as the store has failed (false):
  /// the transition is kept then, and whoever waits goes on from memory.
  using Then = std::function<void(bool committed)>;

  /// `store` may be null: then `open` is asked, at once and until it succeeds. References must
  /// outlive this object; `clock` paces the retries and stamps records.
  Writer(std::unique_ptr<Store> store, OpenStore open, WriterObserver& observer,
         const base::Clock& clock, WriterLimits limits = {});
  ~Writer();  ///< stop() without patience
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// From any thread; never waits for the disk. Transitions are committed in the order submitted.
  /// After stop() nothing is taken: `then` is called with false, on the caller's thread.
  void submit(Transition transition, Then then);

  /// Asks for Store::cut(before), after what is queued; from any thread. Until it succeeded it is
  /// tried again; a later call replaces it.
  void cut(base::WallTime before);

  /// Commits all that is queued and ends the thread; a failing store gets one more attempt. Begins
  /// no commit once `patience` has passed. Answers how many transitions are not on disk.
  std::size_t stop(std::chrono::milliseconds patience);

 private:
  class Worker;
  std::unique_ptr<Worker> worker_;
};

}  // namespace aka::store
