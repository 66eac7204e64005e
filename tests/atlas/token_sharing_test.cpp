// One access token for all threads: who waits for whose fetch, and for how long.
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "base/stop.h"
#include "login.h"
#include "support/fake_clock.h"
#include "support/scripted_transport.h"

namespace aka::atlas {
namespace {

using namespace std::chrono_literals;
using model::Reason;
using model::State;
using test::describe;
using test::token_body;
using testing::ScriptedTransport;

/// A token endpoint shared by the connections of several threads. It answers only once it is let.
class Gate {
 public:
  http::Exchange answer(const http::Request& request) {
    if (request.method == "GET") {
      ++polls;
      return http::Answer{200, {}, "{}"};
    }
    ++fetches;
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return open_; });
    return http::Answer{200, {}, token_body("one")};
  }

  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

  std::atomic<int> fetches = 0;
  std::atomic<int> polls = 0;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

class GatedTransport : public http::HttpTransport {
 public:
  explicit GatedTransport(Gate& gate) : gate_(gate) {}
  http::Exchange send(const http::Request& request, const http::Until&) override {
    return gate_.answer(request);
  }
  void drop_idle() override {}

 private:
  Gate& gate_;
};

TEST_SUITE("one fetch for all threads") {
  TEST_CASE("threads that need the first token at once wait for one fetch") {
    Gate gate;
    const test::SecretFile file(test::kClientSecret);
    const auto credential = test::service_account(file);
    const testing::FakeClock clock;
    const base::StopSignal stop;
    std::vector<std::thread> threads;
    std::atomic<int> good = 0;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        GatedTransport transport(gate);
        const auto authenticator = credential->authenticator();
        for (int poll = 0; poll < 20; ++poll) {
          Line line(transport, "", clock, {test::soon(), stop});
          const auto reply = authenticator->perform({}, line);
          if (reply && reply->exchange && reply->exchange->status == 200) ++good;
        }
      });
    }
    while (gate.fetches == 0) std::this_thread::yield();
    gate.open();
    for (std::thread& thread : threads) thread.join();
    CHECK(gate.fetches == 1);
    CHECK(gate.polls == 160);
    CHECK(good == 160);
  }

  TEST_CASE("who waits for another's fetch leaves at its own deadline or stop") {
    Gate gate;
    const test::SecretFile file(test::kClientSecret);
    const auto credential = test::service_account(file);
    const testing::FakeClock clock;
    const base::StopSignal never;
    std::thread fetcher([&] {
      GatedTransport transport(gate);
      Line line(transport, "", clock, {test::soon(), never});
      static_cast<void>(credential->authenticator()->perform({}, line));
    });
    while (gate.fetches == 0) std::this_thread::yield();

    GatedTransport transport(gate);
    const auto authenticator = credential->authenticator();
    Line hasty(transport, "", clock, {std::chrono::steady_clock::now() + 20ms, never});
    const auto late = authenticator->perform({}, hasty);
    REQUIRE_FALSE(late.has_value());
    CHECK(late.error().failure.reason == Reason::timeout);

    base::StopSignal stop;
    std::thread stopper([&] { stop.request(); });
    Line stopping(transport, "", clock, {test::soon(), stop});
    const auto stopped = authenticator->perform({}, stopping);
    stopper.join();
    REQUIRE(stopped.has_value());
    CHECK(stopped->exchange.error().failure == http::Failure::stopped);

    gate.open();
    fetcher.join();
    CHECK(gate.fetches == 1);
  }

  TEST_CASE("while one thread renews, the others go on with the token that lives") {
    Gate gate;
    const test::SecretFile file(test::kClientSecret);
    const auto credential = test::service_account(file);
    testing::FakeClock clock;
    const base::StopSignal stop;
    ScriptedTransport first;
    first.then_answer(200, token_body("zero")).then_answer(200, "{}");
    Line start(first, "", clock, {test::soon(), stop});
    REQUIRE(credential->authenticator()->perform({}, start).has_value());
    clock.advance(3001s);
    std::thread renewer([&] {
      GatedTransport transport(gate);
      Line line(transport, "", clock, {test::soon(), stop});
      static_cast<void>(credential->authenticator()->perform({}, line));
    });
    while (gate.fetches == 0) std::this_thread::yield();
    ScriptedTransport other;
    other.then_answer(200, "{}");
    Line line(other, "", clock, {test::soon(), stop});
    CHECK(credential->authenticator()->perform({}, line)->exchange->status == 200);
    CHECK(describe(other.requests.at(0)) == "GET / Bearer zero");
    gate.open();
    renewer.join();
  }
}

}  // namespace
}  // namespace aka::atlas
