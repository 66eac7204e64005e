#include "http/wait.h"

#include <array>
#include <poll.h>
#include <sys/socket.h>

#include <doctest/doctest.h>

#include "client.h"
#include "http/channel.h"

namespace aka::http {
namespace {

/// Two ends of a connection; the first always has bytes to read.
struct Pair {
  Descriptor full;
  Descriptor other;

  Pair() {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    full = Descriptor(ends[0]);
    other = Descriptor(ends[1]);
    REQUIRE(::send(other.get(), "bytes", 5, 0) == 5);
  }
};

}  // namespace

TEST_SUITE_BEGIN("wait");

TEST_CASE("a peer that never lets us wait outlives neither the deadline nor a stop") {
  Pair pair;
  base::StopSignal stop;
  std::array<char, 8> buffer{};
  const Until passed{in(-1ms), stop};
  CHECK(read_socket(pair.full.get(), buffer.data(), buffer.size(), passed).error().failure ==
        Failure::timeout);
  CHECK(write_socket(pair.full.get(), "x", passed).error().failure == Failure::timeout);
  CHECK(wait_for(pair.full.get(), POLLIN, passed, "testing").error().failure == Failure::timeout);
  stop.request();
  const Until stopped{in(20s), stop};
  CHECK(read_socket(pair.full.get(), buffer.data(), buffer.size(), stopped).error().failure ==
        Failure::stopped);
  CHECK(write_socket(pair.full.get(), "x", stopped).error().failure == Failure::stopped);
  CHECK(wait_for(pair.full.get(), POLLIN, stopped, "testing").error().failure == Failure::stopped);
}

TEST_CASE("what is to be done meanwhile is done once, when it is time, and the wait goes on") {
  Pair pair;
  base::StopSignal stop;
  int done = 0;
  Meanwhile meanwhile{in(5ms), [&] { ++done; }};
  const Until until{in(60ms), stop, &meanwhile};
  CHECK(wait_for(pair.other.get(), POLLIN, until, "testing").error().failure == Failure::timeout);
  CHECK(std::chrono::steady_clock::now() >= until.deadline);
  CHECK(done == 1);
  CHECK_FALSE(wait_for(pair.other.get(), POLLIN, {in(1ms), stop, &meanwhile}, "testing"));
  CHECK(done == 1);
}

TEST_CASE("what is to be done meanwhile is left out where nobody waits that long") {
  Pair pair;
  base::StopSignal stop;
  bool done = false;
  Meanwhile meanwhile{in(10s), [&] { done = true; }};
  CHECK(wait_for(pair.full.get(), POLLIN, {in(20s), stop, &meanwhile}, "testing"));
  CHECK_FALSE(done);
}

TEST_CASE("a failure says what was being done") {
  base::StopSignal stop;
  CHECK(still_time({in(-1ms), stop}, "connecting").error().message == "timed out connecting");
  CHECK(still_time({in(20s), stop}, "connecting"));
  stop.request();
  CHECK(still_time({in(20s), stop}, "connecting").error().message == "stopped connecting");
}

TEST_SUITE_END();

}  // namespace aka::http
