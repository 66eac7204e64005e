// The thread that commits. Entry points: Writer::submit(), Worker::run(). It is healthy, and then
// takes all that waits into one commit after another; or the store fails, and then whoever waits is
// told at once, and every `retry` it opens what is not open and tries the oldest again.
#include "store/writer.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <numeric>
#include <optional>
#include <pthread.h>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "store/backlog.h"

namespace aka::store {
namespace {

std::size_t records_in(const std::vector<Transition>& transitions) {
  return std::accumulate(
      transitions.begin(), transitions.end(), std::size_t{0},
      [](std::size_t sum, const Transition& one) { return sum + one.records.size(); });
}

/// That the journal which was opened ends before one that this process has seen on the disk.
journal::Draft lost_journal(const Head& seen, base::WallTime now) {
  return {.time = now,
          .type = journal::RecordType::journal_recovered,
          .data = fmt::format(R"({{"last_hash":"{}","last_seq":{},"why":"the journal that ended )"
                              R"(with this record was removed or replaced"}})",
                              seen.hash, seen.seq)};
}

void call(const std::vector<Then>& thens, bool committed) {
  for (const Then& then : thens) then(committed);
}

}  // namespace

class Writer::Worker {
 public:
  Worker(std::unique_ptr<Store> store, OpenStore open, WriterObserver& observer,
         const base::Clock& clock, WriterLimits limits)
      : open_(std::move(open)),
        observer_(observer),
        clock_(clock),
        limits_(limits),
        store_(std::move(store)),
        failing_(store_ == nullptr),
        backlog_(limits.kept),
        thread_([this] { run(); }) {}

  void submit(Transition transition, Then then);
  void cut(base::WallTime before);
  std::size_t stop(std::chrono::milliseconds patience);

 private:
  void run();
  /// Waits until there is something to do; false: this is the last round.
  bool wait();
  bool is_due() const { return !next_try_ || clock_.steady() >= *next_try_; }
  base::SteadyTime next_commit() const { return paced_ - (limits_.burst - 1) * limits_.pace; }
  bool may_commit() const;
  std::optional<base::SteadyTime> next_wake() const;
  bool out_of_time();

  bool open();
  bool drain();
  bool commit_batch();
  void cut_if_asked();
  void fail(const base::Error& error);
  void dismiss_waiting();

  const OpenStore open_;
  WriterObserver& observer_;
  const base::Clock& clock_;
  const WriterLimits limits_;

  // Of the writer's thread.
  std::unique_ptr<Store> store_;
  bool failing_;
  std::optional<base::SteadyTime> next_try_;  ///< after a failure
  base::SteadyTime paced_{};                  ///< when the next commit is in turn, by the pace
  Head newest_;                               ///< that was committed

  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  Backlog backlog_;
  std::optional<base::WallTime> cut_before_;
  bool stopping_ = false;
  base::SteadyTime deadline_{};  ///< set with stopping_

  std::thread thread_;  ///< last: it uses all the others
};

void Writer::Worker::submit(Transition transition, Then then) {
  {
    const std::scoped_lock lock(mutex_);
    if (!stopping_) {
      backlog_.push(std::move(transition), std::move(then));
      changed_.notify_one();
      return;
    }
  }
  if (then) then(false);
}

void Writer::Worker::cut(base::WallTime before) {
  const std::scoped_lock lock(mutex_);
  cut_before_ = before;
  changed_.notify_one();
}

std::size_t Writer::Worker::stop(std::chrono::milliseconds patience) {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    deadline_ = clock_.steady() + patience;
    changed_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
  return backlog_.size();
}

void Writer::Worker::run() {
  ::pthread_setname_np(::pthread_self(), "journal-writer");
  for (bool more = true; more;) {
    more = wait();
    if (failing_) dismiss_waiting();
    if (failing_ && more && !is_due()) continue;
    failing_ = !(open() && drain());
    if (failing_) dismiss_waiting();
    if (!failing_ && more) cut_if_asked();
  }
  dismiss_waiting();
}

bool Writer::Worker::wait() {
  std::unique_lock lock(mutex_);
  const auto has_work = [this] {
    if (stopping_) return true;
    if (failing_) return backlog_.has_thens() || is_due();
    return may_commit() || (cut_before_ && is_due());
  };
  while (!has_work()) {
    if (const auto wake = next_wake())
      clock_.wait_until(changed_, lock, *wake);
    else
      changed_.wait(lock);
  }
  return !stopping_;
}

/// Whether there is something to commit and it need not wait for more. With mutex_ held.
bool Writer::Worker::may_commit() const {
  if (backlog_.empty()) return false;
  return stopping_ || clock_.steady() >= next_commit() || backlog_.size() >= limits_.group;
}

/// When there is work even if nothing new comes. With mutex_ held.
std::optional<base::SteadyTime> Writer::Worker::next_wake() const {
  std::optional<base::SteadyTime> wake;
  if (failing_ || cut_before_) wake = next_try_;
  if (!failing_ && !backlog_.empty()) wake = wake ? std::min(*wake, next_commit()) : next_commit();
  return wake;
}

bool Writer::Worker::out_of_time() {
  const std::scoped_lock lock(mutex_);
  return stopping_ && clock_.steady() >= deadline_;
}

/// Sees to it that there is a store.
bool Writer::Worker::open() {
  if (store_) return true;
  if (out_of_time()) return false;
  auto opened = open_();
  if (!opened) {
    fail(opened.error());
    return false;
  }
  const auto restored = (*opened)->restore();
  if (!restored) {
    fail(restored.error());
    return false;
  }
  store_ = *std::move(opened);
  Transition known = observer_.opened(*restored);
  if (restored->head.seq < newest_.seq)
    known.records.insert(known.records.begin(), lost_journal(newest_, clock_.wall()));
  const std::scoped_lock lock(mutex_);
  backlog_.push_front(std::move(known));
  return true;
}

/// Commits what waits and may not wait longer.
bool Writer::Worker::drain() {
  for (;;) {
    {
      const std::scoped_lock lock(mutex_);
      if (!may_commit()) return true;
    }
    if (out_of_time() || !commit_batch()) return false;
  }
}

bool Writer::Worker::commit_batch() {
  std::unique_lock lock(mutex_);
  Backlog::Batch batch = backlog_.take(limits_.group, clock_.wall());
  lock.unlock();
  const base::SteadyTime begun = clock_.steady();
  // Full ones, which do not wait, put the next off by no more than one turn.
  paced_ = std::min(std::max(paced_, begun) + limits_.pace, begun + limits_.burst * limits_.pace);
  const auto head = store_->commit(batch.transitions);
  const auto took = clock_.steady() - begun;
  const std::size_t count = batch.transitions.size();
  const std::size_t records = records_in(batch.transitions);
  lock.lock();
  if (head)
    backlog_.committed();
  else
    backlog_.give_back(std::move(batch.transitions), batch.leads_with_remnant);
  const std::vector<Then> orphans = backlog_.take_orphans();
  lock.unlock();
  if (head) {
    batch.transitions = {};  // a first load's is large, and the observer may look at memory
    next_try_.reset();
    newest_ = *head;
    observer_.committed({*head, records, count, took});
  } else {
    fail(head.error());
  }
  call(orphans, false);
  call(batch.thens, head.has_value());
  return head.has_value();
}

void Writer::Worker::cut_if_asked() {
  std::unique_lock lock(mutex_);
  const auto before = cut_before_;
  lock.unlock();
  if (!before || !is_due()) return;
  const base::SteadyTime begun = clock_.steady();
  const auto head = store_->cut(*before);
  if (!head) {
    fail(head.error());
    failing_ = store_ == nullptr;
    return;
  }
  next_try_.reset();
  const bool moved = head->seq != newest_.seq;
  newest_ = *head;
  lock.lock();
  if (cut_before_ == before) cut_before_.reset();
  lock.unlock();
  const std::size_t records = moved ? 1 : 0;  // none if nothing is that old
  observer_.committed({*head, records, 0, clock_.steady() - begun});
}

void Writer::Worker::fail(const base::Error& error) {
  next_try_ = clock_.steady() + limits_.retry;
  if (error.kind != base::ErrorKind::io) store_.reset();
  observer_.failed(error);
}

/// Tells all who wait that there is no commit to wait for.
void Writer::Worker::dismiss_waiting() {
  std::unique_lock lock(mutex_);
  const std::vector<Then> thens = backlog_.take_thens();
  lock.unlock();
  call(thens, false);
}

Writer::Writer(std::unique_ptr<Store> store, OpenStore open, WriterObserver& observer,
               const base::Clock& clock, WriterLimits limits)
    : worker_(
          std::make_unique<Worker>(std::move(store), std::move(open), observer, clock, limits)) {}

Writer::~Writer() { static_cast<void>(stop(std::chrono::milliseconds(0))); }

void Writer::submit(Transition transition, Then then) {
  worker_->submit(std::move(transition), std::move(then));
}

void Writer::cut(base::WallTime before) { worker_->cut(before); }

std::size_t Writer::stop(std::chrono::milliseconds patience) { return worker_->stop(patience); }

}  // namespace aka::store
