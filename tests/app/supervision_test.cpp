// What the supervisor is told of the daemon, and when it no longer hears that it lives.
#include "app/supervision.h"

#include <atomic>

#include <doctest/doctest.h>

#include "support/datagrams.h"
#include "support/scratch_directory.h"

namespace aka::app {
namespace {

using std::chrono::milliseconds;

constexpr int kPatience = 10'000;

TEST_CASE("the line of status is for people") {
  struct Row {
    Outlook outlook;
    std::string line;
  };
  const Row rows[] = {
      {{0, 0, std::nullopt, false}, "0 keys, 0 drifting"},
      {{1, 0, milliseconds(1), false}, "1 key, 0 drifting, next poll in 1 s"},
      {{1204, 3, milliseconds(11'001), false}, "1,204 keys, 3 drifting, next poll in 12 s"},
      {{100'000, 1000, milliseconds(0), false}, "100,000 keys, 1,000 drifting, polling"},
      {{999, 0, milliseconds(-5), false}, "999 keys, 0 drifting, polling"},
      {{1'234'567, 0, std::nullopt, true},
       "1,234,567 keys, 0 drifting; the last reload was rejected, see the log"},
  };
  for (const Row& row : rows) CHECK(status_line(row.outlook) == row.line);
}

struct Fixture {
  testing::ScratchDirectory directory;
  std::string address = (directory.path() / "notify").string();
  testing::Datagrams socket{address};
  std::atomic<bool> alive{true};

  Supervision::Sources sources() {
    return {[this] { return alive.load(); }, [] { return std::string("well"); }};
  }
};

TEST_CASE_FIXTURE(Fixture, "the supervisor hears of start, life, reload and end") {
  Supervision supervision(platform::Supervisor(address, milliseconds(20)), sources());
  CHECK(socket.next() == "nothing");
  supervision.started();
  CHECK(socket.next(kPatience) == "STATUS=well");
  CHECK(socket.next(kPatience) == "WATCHDOG=1");
  CHECK(socket.next(kPatience) == "READY=1");
  CHECK(socket.next(kPatience) == "STATUS=well");
  CHECK(socket.next(kPatience) == "WATCHDOG=1");
  supervision.stopping();
  std::string last;
  for (std::string next = socket.next(); next != "nothing"; next = socket.next()) last = next;
  CHECK((last == "STOPPING=1" || last == "WATCHDOG=1"));
  CHECK(socket.next(50) == "nothing");
}

TEST_CASE_FIXTURE(Fixture, "a reload ends in readiness, with a line of its own") {
  Supervision supervision(platform::Supervisor(address), sources());
  supervision.started();
  for (int i = 0; i < 2; ++i) socket.next(kPatience);
  supervision.reloading();
  CHECK(socket.next().starts_with("RELOADING=1\n"));
  supervision.reloaded();
  CHECK(socket.next() == "STATUS=well");
  CHECK(socket.next() == "READY=1");
}

TEST_CASE_FIXTURE(Fixture, "the watchdog of a stuck scheduler starves") {
  Supervision supervision(platform::Supervisor(address, milliseconds(20)), sources());
  alive = false;
  supervision.started();
  for (int i = 0; i < 10; ++i) CHECK(socket.next(kPatience) != "WATCHDOG=1");
  alive = true;
  std::string next;
  for (int i = 0; i < 3 && next != "WATCHDOG=1"; ++i) next = socket.next(kPatience);
  CHECK(next == "WATCHDOG=1");
}

TEST_CASE_FIXTURE(Fixture, "without a supervisor nobody is asked") {
  Supervision supervision(platform::Supervisor(), {[] { return true; },
                                                   []() -> std::string {
                                                     FAIL("asked for a line that nobody reads");
                                                     return {};
                                                   }});
  supervision.started();
  supervision.reloading();
  supervision.reloaded();
  supervision.stopping();
}

}  // namespace
}  // namespace aka::app
