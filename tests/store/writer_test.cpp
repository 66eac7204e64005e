// The writer over a store that obeys the test: grouping, failures, what is kept, how it stops.
#include "store/writer.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "store/contract.h"
#include "support/fake_clock.h"

namespace aka::store {
namespace {

using aka::testing::FakeClock;
using base::ErrorKind;
using std::chrono::seconds;
using testing::noted;

/// What a store did, and what it is to do: shared by the stores that a writer opens in turn.
class Disk {
 public:
  std::optional<ErrorKind> broken() const {
    const std::scoped_lock lock(mutex_);
    return broken_;
  }
  void breaks(std::optional<ErrorKind> kind) {
    const std::scoped_lock lock(mutex_);
    broken_ = kind;
  }
  /// Until released, commits hang.
  void hold() {
    const std::scoped_lock lock(mutex_);
    held_ = true;
  }
  void release() {
    const std::scoped_lock lock(mutex_);
    held_ = false;
    changed_.notify_all();
  }

  base::Result<Head> commit(std::span<const Transition> transitions) {
    std::unique_lock lock(mutex_);
    ++attempts;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !held_; });
    if (broken_) return base::fail(*broken_, "the disk is full");
    commits.emplace_back(transitions.begin(), transitions.end());
    for (const Transition& one : transitions) head_.seq += static_cast<int>(one.records.size());
    changed_.notify_all();
    return head_;
  }
  base::Result<Head> cut(base::WallTime before) {
    const std::scoped_lock lock(mutex_);
    ++cut_attempts;
    changed_.notify_all();
    if (broken_) return base::fail(*broken_, "the disk is full");
    cuts.push_back(before);
    return head_;
  }
  template <typename Condition>
  void wait_for(Condition condition) {
    std::unique_lock lock(mutex_);
    REQUIRE(changed_.wait_for(lock, seconds(60), condition));
  }

  /// The text of each committed record, commits apart.
  std::vector<std::vector<std::string>> texts() const {
    const std::scoped_lock lock(mutex_);
    std::vector<std::vector<std::string>> all;
    for (const auto& commit : commits) {
      all.emplace_back();
      for (const Transition& one : commit)
        for (const journal::Draft& draft : one.records) all.back().push_back(draft.data);
    }
    return all;
  }

  // Guarded by the mutex while a writer runs.
  std::vector<std::vector<Transition>> commits;
  std::vector<base::WallTime> cuts;
  int attempts = 0;
  int cut_attempts = 0;

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<ErrorKind> broken_;
  bool held_ = false;
  Head head_;
};

class DiskStore final : public Store {
 public:
  explicit DiskStore(Disk& disk) : disk_(disk) {}
  base::Result<Restored> restore() override {
    return Restored{.head = {}, .facts = {{FactKind::key, "k", "on disk"}}, .outbox = {}};
  }
  base::Result<Head> commit(std::span<const Transition> transitions) override {
    return disk_.commit(transitions);
  }
  base::Result<Head> cut(base::WallTime before) override { return disk_.cut(before); }

 private:
  Disk& disk_;
};

class Watcher final : public WriterObserver {
 public:
  void committed(const Committed& commit) override {
    const std::scoped_lock lock(mutex_);
    commits_.push_back(commit);
    changed_.notify_all();
  }
  void failed(const base::Error& error) override {
    const std::scoped_lock lock(mutex_);
    errors_.push_back(error);
    changed_.notify_all();
  }
  Transition opened(const Restored& restored) override {
    Transition known = noted("opened");
    known.facts = restored.facts;
    return known;
  }

  std::vector<Committed> commits() const {
    const std::scoped_lock lock(mutex_);
    return commits_;
  }
  std::size_t failures() const {
    const std::scoped_lock lock(mutex_);
    return errors_.size();
  }
  void wait_for_failures(std::size_t count) {
    std::unique_lock lock(mutex_);
    REQUIRE(changed_.wait_for(lock, seconds(60), [&] { return errors_.size() >= count; }));
  }
  void wait_for_commits(std::size_t count) {
    std::unique_lock lock(mutex_);
    REQUIRE(changed_.wait_for(lock, seconds(60), [&] { return commits_.size() >= count; }));
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Committed> commits_;
  std::vector<base::Error> errors_;
};

struct World {
  FakeClock clock;
  Disk disk;
  Watcher watcher;
  std::atomic<bool> openable{true};
  std::atomic<int> opens{0};

  OpenStore opener() {
    return [this]() -> base::Result<std::unique_ptr<Store>> {
      ++opens;
      if (!openable) return base::fail(ErrorKind::permission, "read-only");
      return std::make_unique<DiskStore>(disk);
    };
  }
  std::unique_ptr<Writer> writer(WriterLimits limits = {}) {
    return std::make_unique<Writer>(std::make_unique<DiskStore>(disk), opener(), watcher, clock,
                                    limits);
  }
  std::unique_ptr<Writer> late_writer() {
    return std::make_unique<Writer>(nullptr, opener(), watcher, clock);
  }
};

/// Submits one record and answers its fate once that is known.
std::future<bool> submit(Writer& writer, const std::string& text) {
  auto fate = std::make_shared<std::promise<bool>>();
  auto future = fate->get_future();
  writer.submit(noted(text), [fate](bool committed) { fate->set_value(committed); });
  return future;
}

bool fate_of(std::future<bool>& future) {
  REQUIRE(future.wait_for(seconds(60)) == std::future_status::ready);
  return future.get();
}

/// Whether a transition is refused on the spot, as it is once a stop has begun.
bool is_refused(Writer& writer) {
  const auto caller = std::this_thread::get_id();
  auto told = std::make_shared<std::atomic<bool>>(false);
  writer.submit({}, [told, caller](bool) { *told = std::this_thread::get_id() == caller; });
  return *told;
}

std::string note(const std::string& text) { return R"({"note":")" + text + R"("})"; }

TEST_SUITE("writer") {
  TEST_CASE("what is submitted is committed, and whoever waits is told after it") {
    World world;
    const auto writer = world.writer();
    auto fate = submit(*writer, "a");
    CHECK(fate_of(fate));
    CHECK(world.disk.texts() == std::vector<std::vector<std::string>>{{note("a")}});
    CHECK(writer->stop(seconds(5)) == 0);
    REQUIRE(world.watcher.commits().size() == 1);
    CHECK(world.watcher.commits()[0].head.seq == 1);
    CHECK(world.watcher.commits()[0].records == 1);
    CHECK(world.watcher.commits()[0].transitions == 1);
  }

  TEST_CASE("what queues up behind a slow commit is one commit, up to the group's size") {
    World world;
    world.disk.hold();
    const auto writer = world.writer({.group = 3});
    submit(*writer, "a");
    world.disk.wait_for([&] { return world.disk.attempts == 1; });
    for (const char* text : {"b", "c", "d", "e"}) submit(*writer, text);
    world.disk.release();
    CHECK(writer->stop(seconds(5)) == 0);
    CHECK(world.disk.texts() == std::vector<std::vector<std::string>>{
                                    {note("a")}, {note("b"), note("c"), note("d")}, {note("e")}});
  }

  TEST_CASE("what comes soon after a commit is gathered for one more, which a stop hastens") {
    World world;
    const auto writer = world.writer({.group = 3, .pace = seconds(1), .burst = 2});
    for (const char* text : {"z", "a"}) {
      auto one = submit(*writer, text);
      CHECK(fate_of(one));
    }
    submit(*writer, "b");
    auto c = submit(*writer, "c");
    world.clock.advance(seconds(1));
    CHECK(fate_of(c));
    for (const char* text : {"d", "e"}) submit(*writer, text);
    auto f = submit(*writer, "f");
    CHECK(fate_of(f));  // enough for a commit
    submit(*writer, "g");
    CHECK(writer->stop(seconds(5)) == 0);
    CHECK(world.disk.texts() ==
          std::vector<std::vector<std::string>>{{note("z")},
                                                {note("a")},
                                                {note("b"), note("c")},
                                                {note("d"), note("e"), note("f")},
                                                {note("g")}});
  }

  TEST_CASE("a failure is told at once, and the transitions are tried again") {
    World world;
    world.disk.breaks(ErrorKind::io);
    const auto writer = world.writer();
    auto a = submit(*writer, "a");
    CHECK_FALSE(fate_of(a));
    auto b = submit(*writer, "b");
    CHECK_FALSE(fate_of(b));
    CHECK(world.watcher.failures() == 1);
    world.disk.wait_for([&] { return world.disk.attempts == 1; });
    world.clock.advance(seconds(1));
    world.watcher.wait_for_failures(2);
    world.disk.breaks({});
    world.clock.advance(seconds(1));
    world.watcher.wait_for_commits(1);
    auto c = submit(*writer, "c");
    CHECK(fate_of(c));
    CHECK(writer->stop(seconds(5)) == 0);
    CHECK(world.disk.texts() ==
          std::vector<std::vector<std::string>>{{note("a"), note("b")}, {note("c")}});
    CHECK(world.opens == 0);
  }

  TEST_CASE(
      "what did not fit is dropped with a record that says how much, but for what a restart "
      "needs") {
    World world;
    world.disk.breaks(ErrorKind::io);
    const auto writer = world.writer({.kept = 2});
    for (int i = 0; i < 5; ++i) {
      Transition one = noted(fmt::format("{}", i));
      one.facts = {{FactKind::key, "k", fmt::format("{}", i)},
                   {FactKind::seen, fmt::format("{}", i), "x"}};
      one.outbox = {{i, "sink", "alert", {}}};
      if (i == 2) one.delivered = {0};
      auto fate = std::make_shared<std::promise<bool>>();
      auto future = fate->get_future();
      writer->submit(one, [fate](bool committed) { fate->set_value(committed); });
      CHECK_FALSE(fate_of(future));
    }
    world.disk.breaks({});
    CHECK(writer->stop(seconds(5)) == 0);
    REQUIRE(world.disk.commits.size() == 1);
    const auto& commit = world.disk.commits[0];
    REQUIRE(commit.size() == 3);
    CHECK(commit[0].records.size() == 1);
    CHECK(commit[0].records[0].type == journal::RecordType::journal_recovered);
    CHECK(commit[0].records[0].data.find(R"("lost":3)") != std::string::npos);
    CHECK(commit[0].facts == std::vector<Fact>{{FactKind::key, "k", "2"},
                                               {FactKind::seen, "0", "x"},
                                               {FactKind::seen, "1", "x"},
                                               {FactKind::seen, "2", "x"}});
    REQUIRE(commit[0].outbox.size() == 2);
    CHECK(commit[0].outbox[0].id == 1);
    CHECK(commit[0].delivered == std::vector<std::int64_t>{0});
    CHECK(commit[1].records[0].data == note("3"));
    CHECK(commit[2].records[0].data == note("4"));
  }

  TEST_CASE("while a commit hangs, nobody waits and the queue stays bounded") {
    World world;
    world.disk.hold();
    const auto writer = world.writer({.kept = 2});
    auto first = submit(*writer, "0");
    world.disk.wait_for([&] { return world.disk.attempts == 1; });
    std::vector<std::future<bool>> fates;
    for (int i = 1; i <= 5; ++i) fates.push_back(submit(*writer, fmt::format("{}", i)));
    world.disk.release();
    CHECK(fate_of(first));
    CHECK_FALSE(fate_of(fates[0]));
    CHECK_FALSE(fate_of(fates[2]));
    CHECK(fate_of(fates[3]));
    CHECK(fate_of(fates[4]));
    CHECK(writer->stop(seconds(5)) == 0);
    REQUIRE(world.disk.texts().size() == 2);
    CHECK(world.disk.texts()[1][0].find(R"("lost":3)") != std::string::npos);
  }

  TEST_CASE("a store that cannot be opened at start is opened later, with what was kept") {
    World world;
    world.openable = false;
    const auto writer = world.late_writer();
    world.watcher.wait_for_failures(1);
    auto a = submit(*writer, "a");
    CHECK_FALSE(fate_of(a));
    world.openable = true;
    world.clock.advance(seconds(1));
    world.watcher.wait_for_commits(1);
    auto b = submit(*writer, "b");
    CHECK(fate_of(b));
    CHECK(writer->stop(seconds(5)) == 0);
    CHECK(world.disk.texts() ==
          std::vector<std::vector<std::string>>{{note("opened"), note("a")}, {note("b")}});
    CHECK(world.disk.commits[0][0].facts == std::vector<Fact>{{FactKind::key, "k", "on disk"}});
    CHECK(world.opens == 2);
  }

  TEST_CASE("after damage the store is opened anew, and a journal that is gone is told of") {
    World world;
    const auto writer = world.writer();
    auto a = submit(*writer, "a");
    CHECK(fate_of(a));
    world.disk.breaks(ErrorKind::internal);
    auto b = submit(*writer, "b");
    CHECK_FALSE(fate_of(b));
    world.disk.breaks({});
    world.clock.advance(seconds(1));
    world.watcher.wait_for_commits(2);
    CHECK(writer->stop(seconds(5)) == 0);
    REQUIRE(world.disk.texts().size() == 2);
    const auto texts = world.disk.texts()[1];
    REQUIRE(texts.size() == 3);
    // The store that was opened knows of no record, and one was committed before.
    CHECK(texts[0].find(R"("last_seq":1)") != std::string::npos);
    CHECK(world.disk.commits[1][0].records[0].type == journal::RecordType::journal_recovered);
    CHECK(texts[1] == note("opened"));
    CHECK(texts[2] == note("b"));
  }

  TEST_CASE("a cut that fails is tried again, and does not stop commits") {
    World world;
    const auto writer = world.writer();
    const base::WallTime before = world.clock.wall();
    world.disk.breaks(ErrorKind::io);
    writer->cut(before);
    world.watcher.wait_for_failures(1);
    world.disk.breaks({});
    world.clock.advance(seconds(1));
    world.watcher.wait_for_commits(1);
    auto a = submit(*writer, "a");
    CHECK(fate_of(a));
    CHECK(writer->stop(seconds(5)) == 0);
    CHECK(world.disk.cuts == std::vector<base::WallTime>{before});
  }

  TEST_CASE("a stop tries once more and says what is not on disk") {
    World world;
    world.disk.breaks(ErrorKind::io);
    const auto writer = world.writer();
    auto a = submit(*writer, "a");
    CHECK_FALSE(fate_of(a));
    CHECK(writer->stop(seconds(5)) == 1);
    CHECK(world.watcher.failures() == 2);
    auto late = submit(*writer, "late");
    CHECK_FALSE(fate_of(late));
    CHECK(writer->stop(seconds(5)) == 1);
  }

  TEST_CASE("a stop begins no commit after its time") {
    World world;
    world.disk.hold();
    const auto writer = world.writer({.group = 1});
    auto a = submit(*writer, "a");
    world.disk.wait_for([&] { return world.disk.attempts == 1; });
    auto b = submit(*writer, "b");
    auto stopped = std::async(std::launch::async, [&] { return writer->stop(seconds(5)); });
    // Nothing is taken any more: the stop has begun.
    while (!is_refused(*writer)) std::this_thread::yield();
    world.clock.advance(seconds(5));
    world.disk.release();
    CHECK(fate_of(a));
    CHECK_FALSE(fate_of(b));
    CHECK(stopped.get() >= 1);
    CHECK(world.disk.texts() == std::vector<std::vector<std::string>>{{note("a")}});
  }

  TEST_CASE("from many threads, each one's order is kept and nothing is lost") {
    World world;
    const auto writer = world.writer({.group = 7});
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&writer, t] {
        for (int i = 0; i < 200; ++i) writer->submit(noted(fmt::format("{} {:03}", t, i)), nullptr);
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(writer->stop(seconds(5)) == 0);
    std::vector<std::string> all;
    for (const auto& commit : world.disk.texts())
      all.insert(all.end(), commit.begin(), commit.end());
    REQUIRE(all.size() == 800);
    std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
      return a.substr(0, 10) < b.substr(0, 10);
    });
    CHECK(std::is_sorted(all.begin(), all.end()));
  }
}

}  // namespace
}  // namespace aka::store
