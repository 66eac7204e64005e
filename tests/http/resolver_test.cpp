#include "http/resolver.h"

#include <arpa/inet.h>
#include <atomic>
#include <future>
#include <netdb.h>
#include <netinet/in.h>
#include <stdexcept>
#include <utility>

#include <doctest/doctest.h>

#include "client.h"

namespace aka::http {
namespace {

Address loopback_address() {
  Address address;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  v4->sin_family = AF_INET;
  v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.length = sizeof *v4;
  return address;
}

/// A name server that says nothing until it is released, and is released at the end.
struct SilentServer {
  struct State {
    std::promise<void> release;
    std::shared_future<void> released{release.get_future()};
    std::atomic<int> asked{0};
  };
  std::shared_ptr<State> state = std::make_shared<State>();
  bool done = false;

  ~SilentServer() { release(); }
  void release() {
    if (!std::exchange(done, true)) state->release.set_value();
  }
  Resolver::Lookup lookup() {
    return [state = state](const std::string&) -> base::Result<std::vector<Address>> {
      ++state->asked;
      state->asked.notify_all();
      state->released.wait();
      return std::vector{loopback_address()};
    };
  }
  void wait_until_asked(int times = 1) {
    for (int now = state->asked; now < times; now = state->asked) state->asked.wait(now);
  }
};

}  // namespace

TEST_SUITE_BEGIN("resolver");

TEST_CASE("a numeric address is its own answer") {
  Resolver resolver(Client::no_lookup);
  base::StopSignal stop;
  for (const char* host : {"127.0.0.1", "::1", "2001:db8::1"}) {
    CAPTURE(host);
    const auto addresses = resolver.resolve(host, {in(10s), stop});
    REQUIRE(addresses);
    CHECK(addresses->size() == 1);
  }
}

TEST_CASE("the system is asked for names") {
  // A bare root without /etc/hosts does not know localhost.
  addrinfo* found = nullptr;
  const bool known = ::getaddrinfo("localhost", nullptr, nullptr, &found) == 0;
  if (known) ::freeaddrinfo(found);
  Resolver resolver;
  base::StopSignal stop;
  const auto addresses = resolver.resolve("localhost", {in(20s), stop});
  CHECK(addresses.has_value() == known);
  if (known) CHECK_FALSE(addresses->empty());
}

TEST_CASE("a name without an address fails as dns and is named") {
  base::StopSignal stop;
  Resolver failing(Client::no_lookup);
  Resolver empty([](const std::string&) { return base::Result<std::vector<Address>>(); });
  Resolver throwing([](const std::string&) -> base::Result<std::vector<Address>> {
    throw std::runtime_error("broken");
  });
  for (Resolver* resolver : {&failing, &empty, &throwing}) {
    const auto addresses = resolver->resolve("nowhere.example", {in(10s), stop});
    REQUIRE_FALSE(addresses);
    CHECK(addresses.error().failure == Failure::dns);
    CHECK(addresses.error().message.find("nowhere.example") != std::string::npos);
  }
}

TEST_CASE("callers that ask for the same name share one lookup, another name gets its own") {
  SilentServer server;
  Resolver resolver(server.lookup());
  base::StopSignal stop;
  for (int i = 0; i < 5; ++i) {
    CHECK(resolver.resolve("a.example", {in(5ms), stop}).error().failure == Failure::timeout);
  }
  CHECK(resolver.resolve("b.example", {in(5ms), stop}).error().failure == Failure::timeout);
  server.wait_until_asked(2);
  CHECK(server.state->asked == 2);
  server.release();
  CHECK(resolver.resolve("a.example", {in(20s), stop}));
}

TEST_CASE("once answered, a name is asked for again") {
  std::atomic<int> asked{0};
  Resolver resolver([&](const std::string&) -> base::Result<std::vector<Address>> {
    ++asked;
    return std::vector{loopback_address()};
  });
  base::StopSignal stop;
  CHECK(resolver.resolve("a.example", {in(20s), stop}));
  CHECK(resolver.resolve("a.example", {in(20s), stop}));
  CHECK(asked == 2);
}

TEST_CASE("a stop ends the wait for a silent name server") {
  SilentServer server;
  Resolver resolver(server.lookup());
  base::StopSignal stop;
  auto waiting = std::async(std::launch::async, [&] {
    return resolver.resolve("a.example", {in(20s), stop});
  });
  server.wait_until_asked();
  stop.request();
  CHECK(waiting.get().error().failure == Failure::stopped);
}

TEST_CASE("the resolver may go while a lookup is under way") {
  SilentServer server;
  base::StopSignal stop;
  {
    Resolver resolver(server.lookup());
    CHECK_FALSE(resolver.resolve("a.example", {in(5ms), stop}));
  }
  server.release();
}

TEST_SUITE_END();

}  // namespace aka::http
