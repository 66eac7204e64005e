// What the supervisor hears, over a socket as systemd makes it.
#include "platform/supervisor.h"

#include <cstdlib>
#include <ctime>
#include <unistd.h>

#include <doctest/doctest.h>

#include "support/datagrams.h"
#include "support/scratch_directory.h"

namespace aka::platform {
namespace {

void set(const char* name, const std::string& value) { ::setenv(name, value.c_str(), 1); }

struct Environment {
  ~Environment() {
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
  }
};

TEST_CASE("each message reaches the socket that the environment names") {
  const testing::ScratchDirectory directory;
  const Environment cleaned;
  for (const std::string& address :
       {(directory.path() / "notify").string(), "@aka-test-" + std::to_string(::getpid())}) {
    CAPTURE(address);
    const testing::Datagrams socket(address);
    set("NOTIFY_SOCKET", address);
    set("WATCHDOG_USEC", "60000000");
    set("WATCHDOG_PID", std::to_string(::getpid()));
    const Supervisor supervisor = Supervisor::from_environment();
    CHECK(supervisor.listens());
    CHECK(supervisor.watchdog() == std::chrono::minutes(1));
    supervisor.ready();
    CHECK(socket.next() == "READY=1");
    supervisor.status("2 keys");
    CHECK(socket.next() == "STATUS=2 keys");
    supervisor.feed();
    CHECK(socket.next() == "WATCHDOG=1");
    supervisor.stopping();
    CHECK(socket.next() == "STOPPING=1");
  }
}

TEST_CASE("a reload says when it began, by the clock of the supervisor") {
  const testing::ScratchDirectory directory;
  const std::string address = (directory.path() / "notify").string();
  const testing::Datagrams socket(address);
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  Supervisor(address).reloading();
  const std::string message = socket.next();
  const std::string before = "RELOADING=1\nMONOTONIC_USEC=";
  REQUIRE(message.starts_with(before));
  const long long said = std::stoll(message.substr(before.size()));
  CHECK(said / 1'000'000 >= now.tv_sec);
  CHECK(said / 1'000'000 <= now.tv_sec + 60);
}

TEST_CASE("a watchdog that watches another process is not fed") {
  const testing::ScratchDirectory directory;
  const std::string address = (directory.path() / "notify").string();
  const testing::Datagrams socket(address);
  const Environment cleaned;
  set("NOTIFY_SOCKET", address);
  set("WATCHDOG_USEC", "1000000");
  set("WATCHDOG_PID", "1");
  const Supervisor supervisor = Supervisor::from_environment();
  CHECK_FALSE(supervisor.watchdog());
  supervisor.feed();
  CHECK(socket.next() == "nothing");
}

TEST_CASE("without a supervisor, or with one that is gone, nothing happens") {
  const Environment cleaned;
  ::unsetenv("NOTIFY_SOCKET");
  const Supervisor nobody = Supervisor::from_environment();
  CHECK_FALSE(nobody.listens());
  nobody.ready();
  const Supervisor gone("/nowhere/at/all");
  CHECK(gone.listens());
  gone.ready();
  for (const std::string& odd : {std::string("vsock:2:1"), std::string(200, '/')})
    CHECK_FALSE(Supervisor(odd).listens());
}

TEST_CASE("a watchdog time that is no number watches nothing") {
  const Environment cleaned;
  for (const char* odd : {"", "0", "-1", "1s", "99999999999999999999"}) {
    CAPTURE(odd);
    set("WATCHDOG_USEC", odd);
    CHECK_FALSE(Supervisor::from_environment().watchdog());
  }
}

}  // namespace
}  // namespace aka::platform
