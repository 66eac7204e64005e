// What every kind of receiver must do, over real connections.
#include <numeric>
#include <string>

#include <doctest/doctest.h>

#include "alerts.h"
#include "delivering.h"
#include "kinds.h"

namespace aka::alert {
namespace {

using base::Scheme;
using test::Delivering;
using test::eventually;
using test::firing;
using test::Ids;
using test::Kind;
using test::kKinds;
using test::resolved;
using test::Workshop;
using testing::Authority;
using testing::body_of;
using testing::header_of;
using testing::RecordingReceiver;
using namespace std::chrono_literals;

struct Setup {
  testing::FakeClock clock;
  Workshop workshop{clock};
  base::StopSignal stop;

  Outcome deliver(Sink& sink, const std::string& key = "ci") {
    const std::vector<Notification> notifications{firing(1, sink.traits().label, key)};
    return sink.deliver(notifications, std::chrono::steady_clock::now() + 20s, stop);
  }
};

/// Nothing of what a test keeps in files.
void check_hides_secrets(const std::string& message) {
  CAPTURE(message);
  for (const char* secret : {test::kWebhookSecret, test::kSlackPath, "slackpath9x8y7z", "B0000BBBB",
                             test::kPassword, test::kToken, "YXVkaXRvcjpwYXNzd29yZC0xYTJiM2M="}) {
    CHECK(message.find(secret) == std::string::npos);
  }
}

std::string target_of(Kind kind) {
  switch (kind) {
    case Kind::alertmanager:
      return "/api/v2/alerts";
    case Kind::webhook:
      return "/hook?x=1";
    case Kind::slack:
      return test::kSlackPath;
  }
  return "";
}

/// What a request of that kind holds and no message may.
std::vector<std::string> secrets_of(Kind kind) {
  switch (kind) {
    case Kind::alertmanager:
      return {test::kPassword};
    case Kind::webhook:
      return {test::kPassword, test::kWebhookSecret};
    case Kind::slack:
      return {test::kPassword, test::kSlackPath, "slackpath9x8y7z", "B0000BBBB"};
  }
  return {};
}

TEST_SUITE("every sink") {
  TEST_CASE("posts JSON to its address, over one connection") {
    for (const Kind kind : kKinds) {
      Setup setup;
      RecordingReceiver receiver;
      const auto sink = setup.workshop.sink(kind, Scheme::http, receiver.port());
      CAPTURE(sink->traits().label);
      CHECK(setup.deliver(*sink, "one").has_value());
      CHECK(setup.deliver(*sink, "two").has_value());
      const auto requests = receiver.requests();
      REQUIRE(requests.size() == 2);
      CHECK(requests[0].starts_with("POST " + target_of(kind) + " HTTP/1.1\r\n"));
      CHECK(header_of(requests[0], "Content-Type") == "application/json");
      CHECK(header_of(requests[0], "User-Agent") == "test/1");
      CHECK(body_of(requests[0]).find("key one holds ORG_OWNER") != std::string::npos);
      CHECK(body_of(requests[1]).find("key two holds ORG_OWNER") != std::string::npos);
      CHECK(receiver.connections() == 1);
    }
  }

  TEST_CASE("has a label of its own, and one that says where") {
    Setup setup;
    AlertingSettings settings;
    AlertmanagerSettings alertmanager;
    for (const char* url : {"http://127.0.0.1:9093", "https://am.example/one",
                            "https://am.example/two", "http://[::1]:9093"}) {
      alertmanager.urls.push_back(base::parse_url(url).value());
    }
    settings.sinks = {alertmanager,
                      WebhookSettings{"soc", {}, setup.workshop.secret("hook", "x"), {}},
                      SlackSettings{"sec", setup.workshop.secret("slack", "x"), {}}};
    std::vector<std::string> labels;
    for (const auto& sink : setup.workshop.sinks(settings)) labels.push_back(sink->traits().label);
    CHECK(labels ==
          std::vector<std::string>{"alertmanager:127.0.0.1:9093", "alertmanager:am.example:443/one",
                                   "alertmanager:am.example:443/two", "alertmanager:[::1]:9093",
                                   "webhook:soc", "slack:sec"});
  }

  TEST_CASE("takes any 2xx for success, and nothing else") {
    struct Row {
      int status;
      RefusalKind refusal;
      const char* message;
    };
    const Row rows[] = {{302, RefusalKind::rejected, "redirect"},
                        {400, RefusalKind::content, "400"},
                        {404, RefusalKind::rejected, "address"},
                        {429, RefusalKind::throttled, "too many"},
                        {500, RefusalKind::unreachable, "500"}};
    for (const Kind kind : kKinds) {
      Setup setup;
      RecordingReceiver elsewhere;
      RecordingReceiver receiver;
      const auto sink = setup.workshop.sink(kind, Scheme::http, receiver.port());
      CAPTURE(sink->traits().label);
      for (const int status : {200, 202, 204}) {
        receiver.answer_with(status);
        CHECK(setup.deliver(*sink).has_value());
      }
      for (const Row& row : rows) {
        CAPTURE(row.status);
        receiver.answer_with(row.status, "Retry-After: 7\r\nLocation: http://127.0.0.1:" +
                                             std::to_string(elsewhere.port()) + "/\r\n");
        const Outcome outcome = setup.deliver(*sink);
        REQUIRE_FALSE(outcome.has_value());
        CHECK(outcome.error().kind == row.refusal);
        CHECK(outcome.error().message.find(row.message) != std::string::npos);
        CHECK(outcome.error().retry_after == 7s);
      }
      CHECK(elsewhere.connections() == 0);
    }
  }

  TEST_CASE("repeats what the receiver says to a refusal, unless a secret is in it") {
    for (const Kind kind : kKinds) {
      Setup setup;
      ConnectionSettings connection;
      connection.basic_auth = {"auditor", setup.workshop.secret("password", test::kPassword)};
      RecordingReceiver receiver;
      const auto sink = setup.workshop.sink(kind, Scheme::http, receiver.port(), connection);
      receiver.answer_with(400, "", "invalid\npayload\n");
      CHECK(setup.deliver(*sink).error().message.find("(it says: invalid\\x0apayload)") !=
            std::string::npos);

      receiver.answer(
          [](const std::string& request) { return RecordingReceiver::text_of(400, "", request); });
      check_hides_secrets(setup.deliver(*sink).error().message);
      for (const std::string& secret : secrets_of(kind)) {
        receiver.answer_with(403, "", "no entry with " + secret);
        check_hides_secrets(setup.deliver(*sink).error().message);
      }
    }
  }

  TEST_CASE("tells why no connection came about, and hides its secrets") {
    for (const Kind kind : kKinds) {
      Setup setup;
      std::uint16_t closed = 0;
      { closed = RecordingReceiver().port(); }
      RecordingReceiver mute;
      mute.go_down();
      for (const std::uint16_t port : {closed, mute.port()}) {
        const auto sink = setup.workshop.sink(kind, Scheme::http, port);
        const Outcome outcome = setup.deliver(*sink);
        REQUIRE_FALSE(outcome.has_value());
        CHECK(outcome.error().kind == RefusalKind::unreachable);
        CHECK(outcome.error().message.find(port == closed ? "refused" : "without an answer") !=
              std::string::npos);
        check_hides_secrets(outcome.error().message);
        const bool says_where = outcome.error().message.find("127.0.0.1") != std::string::npos;
        CHECK(says_where == (kind != Kind::slack));
      }
    }
  }

  TEST_CASE("sends nothing where the certificate does not verify") {
    const Authority authority("one");
    const Authority other("another");
    for (const Kind kind : kKinds) {
      Setup setup;
      ConnectionSettings connection;
      connection.ca_file = setup.workshop.files.write("ca", authority.certificate()).string();
      RecordingReceiver good(authority.issue("IP:127.0.0.1"));
      CHECK(setup.deliver(*setup.workshop.sink(kind, Scheme::https, good.port(), connection))
                .has_value());
      for (const auto& identity : {other.issue("IP:127.0.0.1"), authority.issue("IP:127.0.0.2"),
                                   authority.issue("IP:127.0.0.1", {-9, -2})}) {
        RecordingReceiver bad(identity);
        const auto sink = setup.workshop.sink(kind, Scheme::https, bad.port(), connection);
        const Outcome outcome = setup.deliver(*sink);
        REQUIRE_FALSE(outcome.has_value());
        CHECK(outcome.error().message.find("does not verify") != std::string::npos);
        check_hides_secrets(outcome.error().message);
        CHECK(bad.requests().empty());
      }
    }
  }

  TEST_CASE("logs in with what its files hold now") {
    for (const Kind kind : kKinds) {
      Setup setup;
      RecordingReceiver receiver;
      ConnectionSettings basic;
      basic.basic_auth = {"auditor", setup.workshop.secret("password", test::kPassword)};
      ConnectionSettings bearer;
      bearer.bearer_token = setup.workshop.secret("token", test::kToken);
      const auto first = setup.workshop.sink(kind, Scheme::http, receiver.port(), basic);
      const auto second = setup.workshop.sink(kind, Scheme::http, receiver.port(), bearer);
      CHECK(setup.deliver(*first).has_value());
      CHECK(setup.deliver(*second).has_value());
      setup.workshop.secret("token", "renewed\n");
      CHECK(setup.deliver(*second).has_value());
      const auto requests = receiver.requests();
      REQUIRE(requests.size() == 3);
      CHECK(header_of(requests[0], "Authorization") == "Basic YXVkaXRvcjpwYXNzd29yZC0xYTJiM2M=");
      CHECK(header_of(requests[1], "Authorization") == "Bearer token-4d5e6f");
      CHECK(header_of(requests[2], "Authorization") == "Bearer renewed");

      setup.workshop.secret("token", "");
      const Outcome outcome = setup.deliver(*second);
      REQUIRE_FALSE(outcome.has_value());
      CHECK(outcome.error().kind == RefusalKind::unreachable);
      CHECK(outcome.error().message.find("is empty") != std::string::npos);
      CHECK(receiver.requests().size() == 3);
    }
  }

  TEST_CASE("shows its certificate to who asks, and a new one once the files change") {
    const Authority servers("servers");
    const Authority clients("clients");
    for (const Kind kind : kKinds) {
      Setup setup;
      const auto& files = setup.workshop.files;
      const auto wrong = servers.issue("DNS:auditor");
      ConnectionSettings connection;
      connection.ca_file = files.write("ca", servers.certificate()).string();
      connection.cert_file = files.write("cert", wrong.certificate).string();
      connection.key_file = files.write("key", wrong.key).string();
      RecordingReceiver receiver(servers.issue("IP:127.0.0.1"), clients.certificate());
      const auto sink = setup.workshop.sink(kind, Scheme::https, receiver.port(), connection);
      CHECK_FALSE(setup.deliver(*sink).has_value());
      const auto right = clients.issue("DNS:auditor");
      files.write("cert", right.certificate);
      files.write("key", right.key);
      CHECK(setup.deliver(*sink).has_value());
    }
  }

  TEST_CASE("gives up a request at once when it is stopped") {
    for (const Kind kind : kKinds) {
      Setup setup;
      testing::LoopbackServer silent([](testing::Peer& peer, int) {
        peer.read_request();
        peer.wait_until_gone();
      });
      const auto sink = setup.workshop.sink(kind, Scheme::http, silent.port());
      std::thread stopper([&] {
        eventually([&] { return silent.connections() == 1; });
        setup.stop.request();
      });
      const Outcome outcome = setup.deliver(*sink);
      stopper.join();
      REQUIRE_FALSE(outcome.has_value());
      CHECK(outcome.error().kind == RefusalKind::stopped);
    }
  }

  TEST_CASE("a day of outage loses nothing, and each alert's order stays") {
    for (const Kind kind : kKinds) {
      RecordingReceiver receiver;
      receiver.go_down();
      Delivering setup;
      Workshop workshop(setup.clock);
      auto sinks = workshop.sinks(workshop.settings(kind, Scheme::http, receiver.port()));
      const std::string label = sinks.front()->traits().label;
      CAPTURE(label);
      setup.begin(std::move(sinks));
      setup.enqueue({firing(1, label, "k1"), resolved(2, label, "k1"), firing(3, label, "k1")});
      eventually([&] { return setup.failures().size() == 1; });
      std::int64_t id = 3;
      for (const auto start = setup.clock.wall(); setup.clock.wall() < start + 24h;) {
        ++id;
        setup.enqueue({firing(id, label, "k" + std::to_string(id))});
        setup.let_fail(15min);
      }
      receiver.answer_with(200);
      setup.clock.advance(5min);
      eventually([&] { return setup.pending(label) == 0; });
      setup.delivery.stop();
      Ids accepted = setup.accepted(label);
      std::ranges::sort(accepted);
      Ids all(static_cast<std::size_t>(id));
      std::iota(all.begin(), all.end(), 1);
      CHECK(accepted == all);
      for (const FailedAttempt& failed : setup.failures()) check_hides_secrets(failed.message);
      std::string bodies;
      for (const std::string& request : receiver.requests()) bodies += body_of(request);
      for (std::int64_t i = 4; i <= id; ++i) {
        CHECK(bodies.find("key k" + std::to_string(i) + " holds") != std::string::npos);
      }
    }
  }

  TEST_CASE("one that hangs delays none of the others, and no stop") {
    testing::LoopbackServer silent([](testing::Peer& peer, int) {
      peer.read_request();
      peer.wait_until_gone();
    });
    RecordingReceiver receiver;
    Delivering setup;
    Workshop workshop(setup.clock);
    std::vector<std::unique_ptr<Sink>> sinks;
    for (const Kind kind : kKinds) {
      sinks.push_back(workshop.sink(kind, Scheme::http, receiver.port()));
    }
    sinks.push_back(workshop.sink(Kind::alertmanager, Scheme::http, silent.port()));
    std::vector<std::string> labels;
    for (const auto& sink : sinks) labels.push_back(sink->traits().label);
    setup.begin(std::move(sinks));
    setup.enqueue({firing(1, labels[3], "a")});
    eventually([&] { return silent.connections() == 1; });
    for (int i = 2; i <= 20; ++i) {
      for (const std::string& label : labels) {
        setup.enqueue({firing(i, label, "k" + std::to_string(i))});
      }
    }
    for (int i = 0; i < 3; ++i) {
      eventually([&] { return setup.finished(labels[static_cast<unsigned>(i)]).size() == 19; });
    }
    CHECK(setup.pending(labels[3]) == 20);
    const auto begun = std::chrono::steady_clock::now();
    setup.delivery.stop();
    CHECK(std::chrono::steady_clock::now() - begun < 5s);
    CHECK(setup.pending(labels[3]) == 20);
  }

  TEST_CASE("checking the settings finds every file that cannot be used") {
    Setup setup;
    base::Diagnostics none;
    base::Diagnostics some;
    for (const Kind kind : kKinds) {
      check_receivers(setup.workshop.settings(kind, Scheme::http, 80), none);
      ConnectionSettings connection;
      connection.ca_file = "/nonexistent/ca";
      connection.basic_auth = {"auditor", {base::SecretSource::Kind::file, "/nonexistent/pw", {}}};
      check_receivers(setup.workshop.settings(kind, Scheme::http, 80, connection), some);
    }
    CHECK_FALSE(none.has_errors());
    CHECK(some.has_errors());
    AlertingSettings slack;
    slack.sinks = {SlackSettings{"sec", setup.workshop.secret("slack", "hooks/T1/hidden"), {}}};
    base::Diagnostics address;
    check_receivers(slack, address);
    CHECK(address.has_errors());
  }
}

}  // namespace
}  // namespace aka::alert
