// When receivers are told what: queues, retries, repeats, heartbeats, reloads. The sinks are
// scripted; what goes over the wire is in sink_contract_test.cpp.
#include "alert/delivery.h"

#include <numeric>

#include <doctest/doctest.h>

#include "delivering.h"
#include "scripted_sink.h"

namespace aka::alert {
namespace {

using test::Delivering;
using test::eventually;
using test::firing;
using test::Ids;
using test::resolved;
using test::ScriptedSink;
using test::SinkScript;
using namespace std::chrono_literals;
using Requests = std::vector<std::string>;

std::vector<std::unique_ptr<Sink>> sinks_of(SinkScript& script,
                                            const std::vector<SinkTraits>& traits) {
  std::vector<std::unique_ptr<Sink>> sinks;
  for (const SinkTraits& one : traits) sinks.push_back(std::make_unique<ScriptedSink>(one, script));
  return sinks;
}

const SinkTraits kPlain{"plain", 10, std::nullopt, base::Duration(0)};
const SinkTraits kForgetful{"forgetful", 10, base::Duration(1min), base::Duration(0)};

TEST_SUITE("delivery") {
  TEST_CASE("what is enqueued is delivered once, and then finished") {
    SinkScript script;
    Delivering setup;
    setup.begin(sinks_of(script, {kPlain}));
    setup.enqueue({firing(1, "plain", "a"), firing(2, "plain", "b")});
    eventually([&] { return setup.finished("plain") == Ids{1, 2}; });
    setup.enqueue({resolved(3, "plain", "a")});
    eventually([&] { return setup.finished("plain") == Ids{1, 2, 3}; });
    setup.delivery.stop();
    CHECK(setup.accepted("plain") == Ids{1, 2, 3});
    CHECK(script.requests().back() == "-a");
    const SinkHealth health = setup.delivery.health().front();
    CHECK(health.pending == 0);
    CHECK(health.delivered == 3);
    CHECK(health.failed == 0);
    CHECK_FALSE(health.waiting_since.has_value());
  }

  TEST_CASE("nothing leaves before the start, and what the store kept comes first") {
    SinkScript script;
    Delivering setup;
    CHECK(setup.delivery.adopt(sinks_of(script, {kPlain}), nullptr).empty());
    setup.enqueue({firing(1, "plain", "a"), resolved(2, "plain", "a")});
    CHECK(script.requests().empty());
    setup.delivery.start();
    eventually([&] { return setup.finished("plain") == Ids{1, 2}; });
    CHECK(script.requests() == Requests{"a", "-a"});
  }

  TEST_CASE("notifications for a receiver that there is not are given back") {
    SinkScript script;
    Delivering setup;
    setup.begin(sinks_of(script, {kPlain}));
    const auto homeless = setup.delivery.enqueue({firing(1, "plain", "a"), firing(2, "gone", "a")});
    REQUIRE(homeless.size() == 1);
    CHECK(homeless.front().id == 2);
  }

  TEST_CASE("a receiver that is down for a day gets everything, in order, when it is back") {
    for (const RefusalKind kind :
         {RefusalKind::unreachable, RefusalKind::throttled, RefusalKind::rejected}) {
      CAPTURE(static_cast<int>(kind));
      SinkScript script;
      script.refuse(kind);
      Delivering setup;
      setup.begin(sinks_of(script, {kPlain}));
      setup.enqueue({firing(1, "plain", "k1")});
      eventually([&] { return !setup.failures().empty(); });
      const auto start = setup.clock.wall();
      std::int64_t id = 1;
      while (setup.clock.wall() < start + 24h) {
        ++id;
        setup.enqueue({firing(id, "plain", "k" + std::to_string(id))});
        setup.let_fail();
      }
      CHECK(setup.pending("plain") == static_cast<std::size_t>(id));
      const auto waited =
          setup.clock.steady() - setup.delivery.health().front().waiting_since.value();
      CHECK(waited >= 24h);
      script.accept();
      setup.clock.advance(5min);
      eventually([&] { return setup.pending("plain") == 0; });
      setup.delivery.stop();
      Ids all(static_cast<std::size_t>(id));
      std::iota(all.begin(), all.end(), 1);
      CHECK(setup.accepted("plain") == all);
      CHECK(setup.finished("plain") == all);
    }
  }

  TEST_CASE("retries come after one second, two, four and so on, less at most half of it") {
    SinkScript script;
    script.refuse(RefusalKind::unreachable);
    Delivering setup;
    setup.begin(sinks_of(script, {kPlain}));
    setup.enqueue({firing(1, "plain", "a")});
    std::chrono::milliseconds delay = 1s;
    for (int i = 1; i <= 12; ++i) {
      eventually([&] { return setup.failures().size() == static_cast<std::size_t>(i); });
      const FailedAttempt failed = setup.failures().back();
      CHECK(failed.in_a_row == i);
      CHECK(failed.retry_in <= delay);
      CHECK(failed.retry_in >= delay / 2);
      setup.clock.advance(failed.retry_in - 1ms);
      CHECK(setup.failures().size() == static_cast<std::size_t>(i));
      setup.clock.advance(1ms);
      delay = std::min<std::chrono::milliseconds>(2 * delay, 5min);
    }
  }

  TEST_CASE("what is retried is the same request, whatever came meanwhile") {
    SinkScript script;
    script.refuse(RefusalKind::unreachable);
    Delivering setup;
    setup.begin(sinks_of(script, {kPlain}));
    setup.enqueue({firing(1, "plain", "a")});
    eventually([&] { return script.requests().size() == 1; });
    setup.enqueue({firing(2, "plain", "b")});
    setup.let_fail();
    script.accept();
    setup.clock.advance(5min);
    eventually([&] { return setup.finished("plain") == Ids{1, 2}; });
    CHECK(script.requests() == Requests{"a", "a", "a", "b"});
  }

  TEST_CASE("one receiver in trouble does not delay another") {
    SinkScript slow;
    std::mutex gate;
    gate.lock();
    slow.answer([&](const std::string&) -> Outcome {
      const std::scoped_lock wait(gate);
      return {};
    });
    SinkScript script;
    Delivering setup;
    auto sinks = sinks_of(script, {kPlain});
    sinks.push_back(std::make_unique<ScriptedSink>(SinkTraits{"slow", 1, {}, {}}, slow));
    setup.begin(std::move(sinks));
    for (int i = 1; i <= 50; ++i) {
      setup.enqueue({firing(i, "slow", std::to_string(i)), firing(i, "plain", std::to_string(i))});
    }
    eventually([&] { return setup.finished("plain").size() == 50; });
    CHECK(setup.finished("slow").empty());
    gate.unlock();
    eventually([&] { return setup.finished("slow").size() == 50; });
  }

  TEST_CASE("a receiver that forgets gets all that fires, every resend") {
    SinkScript script;
    Delivering setup;
    setup.set_firing({firing(0, "", "a").alert, firing(0, "", "b").alert});
    setup.begin(sinks_of(script, {kForgetful, kPlain}));
    eventually([&] { return script.requests() == Requests{"a b"}; });
    setup.clock.advance(59s);
    setup.set_firing({firing(0, "", "b").alert});
    setup.clock.advance(1s);
    eventually([&] { return script.requests() == Requests{"a b", "b"}; });
    CHECK(setup.acceptances().empty());
  }

  TEST_CASE("a receiver that forgets gets all that fires as soon as it is back") {
    SinkScript script;
    Delivering setup;
    setup.set_firing({firing(0, "", "a").alert});
    setup.begin(sinks_of(script, {kForgetful}));
    eventually([&] { return script.requests().size() == 1; });
    script.refuse(RefusalKind::unreachable);
    setup.clock.advance(1min);
    eventually([&] { return !setup.failures().empty(); });
    for (int i = 0; i < 20; ++i) setup.let_fail(1min);
    CHECK(setup.failures().back().retry_in <= 1min);
    setup.enqueue({firing(1, "forgetful", "b")});
    script.accept();
    setup.clock.advance(setup.failures().back().retry_in);
    eventually([&] { return setup.finished("forgetful") == Ids{1}; });
    setup.delivery.stop();
    const auto requests = script.requests();
    const auto count = requests.size();
    CHECK(Requests(requests.end() - 2, requests.end()) == Requests{"a", "b"});
    CHECK(count == 1 + 21 + 2);
  }

  TEST_CASE("an outage between two resends, which may have been a restart, is followed by one") {
    SinkScript script;
    Delivering setup;
    setup.set_firing({firing(0, "", "a").alert});
    setup.begin(sinks_of(script, {kForgetful}));
    eventually([&] { return script.requests() == Requests{"a"}; });
    setup.clock.advance(10s);
    script.refuse(RefusalKind::unreachable);
    setup.enqueue({firing(1, "forgetful", "b")});
    eventually([&] { return setup.failures().size() == 1; });
    script.accept();
    setup.clock.advance(1s);
    eventually([&] { return script.requests() == Requests{"a", "b", "b", "a"}; });
  }

  TEST_CASE("a resolve is told to one that forgets for five minutes, and finished after them") {
    SinkScript script;
    Delivering setup;
    setup.begin(sinks_of(script, {kForgetful}));
    setup.enqueue({resolved(7, "forgetful", "a")});
    eventually([&] { return setup.accepted("forgetful") == Ids{7}; });
    for (std::size_t repeats = 1; repeats <= 5; ++repeats) {
      CHECK(setup.finished("forgetful").empty());
      CHECK(setup.pending("forgetful") == 0);
      setup.clock.advance(1min);
      eventually([&] { return script.requests().size() == 1 + repeats; });
    }
    eventually([&] { return setup.finished("forgetful") == Ids{7}; });
    setup.clock.advance(10min);
    setup.enqueue({firing(8, "forgetful", "b")});
    eventually([&] { return setup.finished("forgetful") == Ids{7, 8}; });
    CHECK(script.requests() == Requests{"-a", "-a", "-a", "-a", "-a", "-a", "b"});
    CHECK(setup.accepted("forgetful") == Ids{7, 8});
  }

  TEST_CASE("an alert that fires anew ends the repeats of its last resolve") {
    SinkScript script;
    Delivering setup;
    setup.begin(sinks_of(script, {kForgetful}));
    setup.enqueue({resolved(1, "forgetful", "a")});
    eventually([&] { return setup.accepted("forgetful") == Ids{1}; });
    setup.enqueue({firing(2, "forgetful", "a")});
    eventually([&] { return setup.finished("forgetful") == Ids{1, 2}; });
    for (int i = 0; i < 6; ++i) {
      setup.clock.advance(1min);
      setup.enqueue({firing(3 + i, "forgetful", "b")});
      eventually(
          [&] { return setup.accepted("forgetful").size() == 3U + static_cast<unsigned>(i); });
    }
    CHECK(std::ranges::count(script.requests(), "-a") == 1);
  }

  TEST_CASE("a resolve that another firing waits behind is not repeated") {
    SinkScript script;
    Delivering setup;
    setup.begin(sinks_of(script, {kForgetful}));
    setup.enqueue({resolved(1, "forgetful", "a"), firing(2, "forgetful", "a")});
    eventually([&] { return setup.finished("forgetful") == Ids{1, 2}; });
    setup.clock.advance(1min);
    setup.enqueue({firing(3, "forgetful", "b")});
    eventually([&] { return setup.finished("forgetful") == Ids{1, 2, 3}; });
    CHECK(std::ranges::count(script.requests(), "-a") == 1);
  }

  TEST_CASE("no resend tells of an alert whose resolve is under way") {
    SinkScript script;
    Delivering setup;
    setup.set_firing({firing(0, "", "a").alert, firing(0, "", "b").alert});
    CHECK(setup.delivery.adopt(sinks_of(script, {kForgetful}), nullptr).empty());
    setup.enqueue({firing(1, "forgetful", "a"), resolved(2, "forgetful", "a")});
    setup.delivery.start();
    eventually([&] { return setup.accepted("forgetful") == Ids{1, 2}; });
    setup.clock.advance(1min);
    eventually([&] { return script.requests().size() == 5; });
    CHECK(script.requests() == Requests{"b", "a", "-a", "b", "-a"});
  }

  TEST_CASE("one alert that a receiver will not have holds up neither others nor resends") {
    SinkScript script;
    script.answer([](const std::string& request) -> Outcome {
      if (request.find("bad") == std::string::npos) return {};
      return tl::unexpected(Refusal{RefusalKind::content, "no", std::nullopt});
    });
    Delivering setup;
    setup.set_firing({firing(0, "", "bad").alert, firing(0, "", "other").alert});
    setup.begin(sinks_of(script, {{"forgetful", 1, base::Duration(1min), {}}, kPlain}));
    eventually([&] { return script.requests() == Requests{"bad", "other"}; });
    setup.enqueue({firing(1, "plain", "a"), firing(2, "plain", "bad"), firing(3, "plain", "b"),
                   firing(4, "plain", "c")});
    eventually([&] { return setup.accepted("plain").size() == 3; });
    CHECK(setup.accepted("plain") == Ids{1, 3, 4});
    CHECK(setup.pending("plain") == 1);
    script.accept();
    setup.clock.advance(5min);
    eventually([&] { return setup.pending("plain") == 0; });
  }

  TEST_CASE("heartbeats go to those who want them, each one until it is taken") {
    SinkScript script;
    Delivering setup;
    setup.begin(sinks_of(script, {{"beating", 10, std::nullopt, base::Duration(30s)}, kPlain}));
    eventually([&] { return script.requests() == Requests{"*"}; });
    setup.clock.advance(30s);
    eventually([&] { return script.requests().size() == 2; });
    script.refuse(RefusalKind::unreachable);
    setup.let_fail(30s);
    script.accept();
    setup.clock.advance(1s);
    eventually([&] { return script.requests() == Requests{"*", "*", "*", "*"}; });
    CHECK(setup.pending("beating") == 0);
    CHECK(setup.acceptances().empty());
  }

  TEST_CASE("a reload keeps the queues of receivers that stay, and tries them at once") {
    SinkScript script;
    script.refuse(RefusalKind::rejected);
    Delivering setup;
    setup.begin(sinks_of(script, {kPlain, {"leaving", 10, std::nullopt, {}}}));
    setup.enqueue({firing(1, "plain", "a"), firing(2, "leaving", "a")});
    eventually([&] { return setup.failures().size() == 2; });

    SinkScript mended;
    const auto dropped =
        setup.delivery.adopt(sinks_of(mended, {kPlain, {"new", 10, std::nullopt, {}}}), nullptr);
    REQUIRE(dropped.size() == 1);
    CHECK(dropped.front().id == 2);
    CHECK(setup.delivery.sinks() == std::vector<std::string>{"plain", "new"});
    eventually([&] { return setup.finished("plain") == Ids{1}; });
    setup.enqueue({firing(3, "new", "a")});
    eventually([&] { return setup.finished("new") == Ids{3}; });
  }

  TEST_CASE("what came due before a restart counts from then") {
    SinkScript script;
    script.refuse(RefusalKind::unreachable);
    Delivering setup;
    setup.begin(sinks_of(script, {kPlain}));
    setup.enqueue({firing(1, "plain", "a", setup.clock.wall() - 7min)});
    CHECK(setup.clock.steady() - setup.delivery.health().front().waiting_since.value() == 7min);
    setup.enqueue({firing(2, "plain", "b", setup.clock.wall() + 7min)});
    CHECK(setup.clock.steady() - setup.delivery.health().front().waiting_since.value() == 7min);
  }
}

}  // namespace
}  // namespace aka::alert
