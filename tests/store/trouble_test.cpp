// A disk that is full, a directory that cannot be written to, a file that goes away: errors of the
// kind that says what to do, and nothing lost that was committed.
#include <csignal>
#include <filesystem>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "store/sqlite_backend.h"
#include "support/fake_clock.h"

namespace aka::store {
namespace {

namespace fs = std::filesystem;
using aka::testing::FakeClock;
using aka::testing::ScratchDirectory;
using base::ErrorKind;
using testing::noted;
using testing::SqliteBackend;

/// No file of this process may grow beyond a size, as on a full disk.
class SizeLimit {
 public:
  explicit SizeLimit(rlim_t bytes) {
    ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limited{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limited);
  }
  ~SizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, SIG_DFL);
  }
  SizeLimit(const SizeLimit&) = delete;
  SizeLimit& operator=(const SizeLimit&) = delete;

 private:
  rlimit before_{};
};

/// Root may do everything, so it steps back for the scope.
class Unprivileged {
 public:
  Unprivileged() : before_(::geteuid()) {
    if (before_ == 0) CHECK(::seteuid(65534) == 0);
  }
  ~Unprivileged() {
    if (before_ == 0) CHECK(::seteuid(before_) == 0);
  }
  Unprivileged(const Unprivileged&) = delete;
  Unprivileged& operator=(const Unprivileged&) = delete;

 private:
  uid_t before_;
};

/// Commits until it fails; the last head and the error.
std::pair<Head, base::Error> fill_up(Store& store) {
  const Transition big = noted(std::string(100000, 'x'));
  Head head;
  for (int i = 0; i < 1000; ++i) {
    const auto done = store.commit(std::span(&big, 1));
    if (!done) return {head, done.error()};
    head = *done;
  }
  FAIL("the disk was never full");
  return {};
}

TEST_SUITE("SQLite store in trouble") {
  TEST_CASE("on a full disk a commit fails whole, and works again when there is room") {
    SqliteBackend backend;
    const FakeClock clock;
    const auto store = backend.open(clock);
    Head head;
    {
      const SizeLimit limit(1000000);
      const auto [last, error] = fill_up(*store);
      head = last;
      CHECK(error.kind == ErrorKind::io);
      CHECK_MESSAGE(error.message.find(backend.path()) != std::string::npos, error.message);
      CHECK(testing::fault_in(backend.records(), head) == "");
    }
    const Transition note = noted("room again");
    const auto again = store->commit(std::span(&note, 1));
    REQUIRE_MESSAGE(again.has_value(), again.error().message);
    CHECK(again->seq == head.seq + 1);
    CHECK(testing::fault_in(backend.records(), *again) == "");
  }

  TEST_CASE("a store on a file system that is really full recovers, too") {
    const ScratchDirectory directory;
    if (::mount("tmpfs", directory.path().c_str(), "tmpfs", 0, "size=1m") != 0) {
      MESSAGE("skipped: it takes the right to mount");
      return;
    }
    const FakeClock clock;
    const std::string path = (directory.path() / "journal.db").string();
    {
      const auto store = open_sqlite_store(path, clock);
      REQUIRE(store.has_value());
      const auto [head, error] = fill_up(**store);
      CHECK(error.kind == ErrorKind::io);
      CHECK_MESSAGE(error.message.find("full") != std::string::npos, error.message);
      CHECK(::mount("tmpfs", directory.path().c_str(), "tmpfs", MS_REMOUNT, "size=8m") == 0);
      const Transition note = noted("room again");
      const auto again = (*store)->commit(std::span(&note, 1));
      REQUIRE_MESSAGE(again.has_value(), again.error().message);
      CHECK(again->seq == head.seq + 1);
    }
    // A disk that becomes read-only: an error at start, and the journal can still be read.
    CHECK(::mount("tmpfs", directory.path().c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, nullptr) ==
          0);
    const auto store = open_sqlite_store(path, clock);
    REQUIRE_FALSE(store.has_value());
    CHECK(store.error().kind == ErrorKind::permission);
    const auto reader = open_sqlite_journal(path);
    REQUIRE_MESSAGE(reader.has_value(), reader.error().message);
    CHECK((*reader)->head()->seq > 1);
    CHECK(::umount2(directory.path().c_str(), MNT_DETACH) == 0);
  }

  TEST_CASE("a store that may not be opened is an error that names it") {
    SqliteBackend backend;
    const FakeClock clock;
    backend.open(clock).reset();
    fs::permissions(backend.directory(), fs::perms::owner_read | fs::perms::owner_exec);
    {
      const Unprivileged other;
      const auto store = open_sqlite_store(backend.path(), clock);
      REQUIRE_FALSE(store.has_value());
      CHECK(store.error().kind == ErrorKind::permission);
      CHECK(store.error().message.find(backend.path()) != std::string::npos);
    }
    fs::permissions(backend.directory(), fs::perms::owner_all);
    CHECK(open_sqlite_store(backend.path(), clock).has_value());
  }

  TEST_CASE("a file that was removed or replaced is noticed, and a store opened anew goes on") {
    SqliteBackend backend;
    const FakeClock clock;
    auto store = backend.open(clock);
    const Transition note = noted("x");
    REQUIRE(store->commit(std::span(&note, 1)).has_value());
    fs::rename(backend.path(), backend.path() + ".old");
    const auto failed = store->commit(std::span(&note, 1));
    REQUIRE_FALSE(failed.has_value());
    CHECK(failed.error().kind == ErrorKind::not_found);
    fs::rename(backend.path() + ".old", backend.path());
    store.reset();
    store = backend.open(clock);
    const auto head = store->commit(std::span(&note, 1));
    REQUIRE(head.has_value());
    CHECK(head->seq == 2);
  }
}

}  // namespace
}  // namespace aka::store
