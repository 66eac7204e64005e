// What each kind of receiver is sent, to the letter; the examples of docs/delivery.md are made
// here.
#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "alert/sink_factory.h"
#include "alerts.h"
#include "kinds.h"
#include "support/fake_clock.h"

namespace aka::alert {
namespace {

using nlohmann::json;
using test::firing;
using test::Kind;
using test::resolved;
using test::Workshop;
using testing::body_of;
using testing::header_of;
using testing::RecordingReceiver;
using namespace std::chrono_literals;

/// One sink and what it sent.
struct Setup {
  explicit Setup(Kind kind, const std::string& external_url = "") {
    AlertingSettings settings = workshop.settings(kind, base::Scheme::http, receiver.port());
    settings.heartbeat = 5min;
    if (!external_url.empty()) settings.external_url = base::parse_url(external_url).value();
    sink = std::move(workshop.sinks(settings).front());
  }

  void deliver(const std::vector<Notification>& notifications) {
    REQUIRE(sink->deliver(notifications, std::chrono::steady_clock::now() + 20s, stop).has_value());
  }
  json sent(std::size_t number = 0) const {
    return json::parse(body_of(receiver.requests().at(number)));
  }

  testing::FakeClock clock;
  Workshop workshop{clock};
  RecordingReceiver receiver;
  base::StopSignal stop;
  std::unique_ptr<Sink> sink;
};

std::string documentation() {
  std::ifstream file(std::string(AKA_SOURCE_DIR) + "/docs/delivery.md");
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The block of code that follows the marker in the documentation.
std::string documented(const std::string& marker) {
  const std::string text = documentation();
  const auto at = text.find("<!-- " + marker + " -->");
  REQUIRE(at != std::string::npos);
  const auto begin = text.find('\n', text.find("```", at)) + 1;
  return text.substr(begin, text.find("```", begin) - begin);
}

void check_documented(const std::string& marker, const json& sent) {
  const json example = json::parse(documented(marker), nullptr, false);
  const bool is_same = example == sent;
  if (!is_same) MESSAGE("docs/delivery.md should hold: " << sent.dump(2));
  CHECK(is_same);
}

/// What a receiver in Python makes of a request: the code of the documentation, run.
int verify_in_python(const Setup& setup, const std::string& secret, const std::string& body,
                     const std::string& timestamp, const std::string& signature, long long now) {
  const auto& files = setup.workshop.files;
  const auto script = files.write("verify.py", documented("example: verify") + R"(
import sys
body = open(sys.argv[2], "rb").read()
sys.exit(0 if is_genuine(sys.argv[1].encode(), body, sys.argv[3], sys.argv[4], float(sys.argv[5]))
         else 3)
)");
  const auto file = files.write("body", body);
  const std::string command = "python3 " + script.string() + " '" + secret + "' " + file.string() +
                              " '" + timestamp + "' '" + signature + "' " + std::to_string(now);
  const int status = std::system(command.c_str());  // NOLINT(concurrency-mt-unsafe)
  return WEXITSTATUS(status);
}

TEST_SUITE("formats") {
  TEST_CASE("Alertmanager gets alerts that end of themselves, unless they are sent again") {
    Setup setup(Kind::alertmanager, "https://auditor.example/");
    setup.clock.advance(90min);
    setup.deliver({firing(1, "", "ci")});
    check_documented("example: alertmanager", setup.sent());
    CHECK(setup.sent()[0]["startsAt"] == "2026-11-24T00:00:00Z");
    CHECK(setup.sent()[0]["endsAt"] == "2026-11-24T02:00:00Z");
    CHECK(setup.sent()[0]["generatorURL"] == "https://auditor.example/");
    setup.deliver({resolved(2, "", "ci")});
    CHECK(setup.sent(1)[0]["endsAt"] == "2026-11-24T00:01:00Z");
    CHECK(setup.sent(1)[0]["labels"] == setup.sent()[0]["labels"]);
  }

  TEST_CASE("Alertmanager gets no end before the start, though the clock went back") {
    Setup setup(Kind::alertmanager, "https://auditor.example/");
    setup.clock.set_wall(setup.clock.wall() - 24h);
    setup.deliver({firing(1, "", "ci")});
    CHECK(setup.sent()[0]["startsAt"] == "2026-11-24T00:00:00Z");
    CHECK(setup.sent()[0]["endsAt"] == "2026-11-24T00:30:00Z");
  }

  TEST_CASE("an alert outlives four resends, and a heartbeat four of its own") {
    testing::FakeClock clock;
    Workshop workshop(clock);
    RecordingReceiver receiver;
    AlertingSettings settings =
        workshop.settings(Kind::alertmanager, base::Scheme::http, receiver.port());
    std::get<AlertmanagerSettings>(settings.sinks[0]).resend = 1h;
    settings.heartbeat = 2h;
    const auto sink = std::move(workshop.sinks(settings).front());
    CHECK(sink->traits().resend == base::Duration(1h));
    CHECK(sink->traits().heartbeat == base::Duration(2h));
    const auto alive =
        std::make_shared<const incident::Alert>(alive_alert({{"site", "x"}}, clock.wall()));
    base::StopSignal stop;
    const std::vector<Notification> both{firing(1, "", "ci"), {-1, "", alive, {}}};
    REQUIRE(sink->deliver(both, std::chrono::steady_clock::now() + 20s, stop).has_value());
    const json sent = json::parse(body_of(receiver.requests()[0]));
    CHECK(sent[0]["endsAt"] == "2026-11-24T04:00:00Z");
    CHECK(sent[1]["endsAt"] == "2026-11-24T08:00:00Z");
    CHECK(sent[1]["labels"] ==
          json{{"alertname", "AtlasAuditorAlive"}, {"severity", "none"}, {"site", "x"}});
  }

  TEST_CASE("a webhook gets one status and an id, the same for the same notifications alone") {
    Setup setup(Kind::webhook, "https://auditor.example/");
    setup.deliver({firing(1, "", "ci")});
    check_documented("example: webhook", setup.sent());
    setup.clock.advance(1h);
    setup.deliver({firing(1, "", "ci")});
    CHECK(setup.sent(0) == setup.sent(1));
    const std::vector<std::vector<Notification>> others{
        {firing(2, "", "ci")},
        {resolved(1, "", "ci")},
        {firing(1, "", "other")},
        {firing(1, "", "ci"), firing(2, "", "other")}};
    for (const auto& notifications : others) {
      setup.deliver(notifications);
      CHECK(setup.sent(setup.receiver.requests().size() - 1)["id"] != setup.sent()["id"]);
    }
    const json resolved_one = setup.sent(3);
    CHECK(resolved_one["status"] == "resolved");
    CHECK(resolved_one["alerts"][0]["endsAt"] == "2026-11-24T00:01:00Z");
    CHECK(setup.sent()["alerts"][0].contains("endsAt") == false);
  }

  TEST_CASE("a webhook's signature verifies with the documented code, and nothing forged does") {
    Setup setup(Kind::webhook);
    setup.deliver({firing(1, "", "ci")});
    const std::string request = setup.receiver.requests()[0];
    const std::string body(body_of(request));
    const std::string timestamp = header_of(request, "X-Timestamp");
    const std::string signature = header_of(request, "X-Signature-256");
    const auto now =
        std::chrono::duration_cast<std::chrono::seconds>(setup.clock.wall().time_since_epoch())
            .count();
    CHECK(timestamp == std::to_string(now));
    const auto verify = [&](const std::string& secret, const std::string& text,
                            const std::string& at, long long today) {
      return verify_in_python(setup, secret, text, at, signature, today);
    };
    CHECK(verify(test::kWebhookSecret, body, timestamp, now) == 0);
    CHECK(verify("another secret", body, timestamp, now) == 3);
    CHECK(verify(test::kWebhookSecret, body + " ", timestamp, now) == 3);
    CHECK(verify(test::kWebhookSecret, body, std::to_string(now + 1), now) == 3);
    CHECK(verify(test::kWebhookSecret, body, timestamp, now + 301) == 3);
  }

  TEST_CASE("Slack gets a heading, and a section and a context for each alert") {
    Setup setup(Kind::slack, "https://auditor.example/");
    setup.deliver({firing(1, "", "ci")});
    check_documented("example: slack", setup.sent());
    setup.deliver({resolved(2, "", "a"), resolved(3, "", "b")});
    CHECK(setup.sent(1)["blocks"].size() == 5);
    CHECK(setup.sent(1)["blocks"][0]["text"]["text"] == "RESOLVED: 2 alerts");
    CHECK(setup.sent(1)["text"].get<std::string>().starts_with("RESOLVED: 2 alerts: key a"));
    CHECK(setup.sink->traits().heartbeat.count() == 0);
  }

  TEST_CASE("Slack's limits hold whatever an alert says, and nothing in it is a command") {
    Setup setup(Kind::slack, "https://auditor.example/");
    std::vector<Notification> notifications;
    const std::array<std::string, 5> pieces{"&", "<!channel> ", "\xc3\xa4", "\xf0\x9f\x94\xa5",
                                            "x"};
    for (std::size_t i = 0; i < setup.sink->traits().batch; ++i) {
      incident::Alert alert = test::drift("k" + std::to_string(i) + "<b>");
      for (int n = 0; n < 4000; ++n) {
        alert.summary += pieces[i % pieces.size()];
        alert.description += pieces[(i + 1) % pieces.size()];
      }
      for (int n = 0; n < 300; ++n) alert.labels["owner"] += pieces[i % pieces.size()];
      notifications.push_back({1, "", std::make_shared<const incident::Alert>(alert), {}});
    }
    setup.deliver(notifications);
    setup.deliver({notifications[0]});
    const std::string bytes = setup.receiver.requests()[0];
    CHECK(bytes.find("<!") == std::string::npos);
    CHECK(bytes.find("\xef\xbf\xbd") == std::string::npos);
    std::size_t all = 0;
    for (std::size_t number = 0; number < 2; ++number) {
      const json message = setup.sent(number);
      CHECK(message["blocks"].size() <= 50);
      CHECK(message["text"].get<std::string>().size() <= 3000);
      for (const json& block : message["blocks"]) {
        const json& text = block["type"] == "context" ? block["elements"][0] : block["text"];
        const auto size = text["text"].get<std::string>().size();
        CHECK(size <= (block["type"] == "header" ? 150 : 3000));
        if (number == 0) all += size;
      }
    }
    CHECK(all < 25'000);
    const std::string section = setup.sent(1)["blocks"][1]["text"]["text"];
    CHECK(section.size() > 2900);
    CHECK(section.ends_with("&amp;..."));
  }

  TEST_CASE("bytes that are no UTF-8 spoil no request") {
    for (const Kind kind : test::kKinds) {
      Setup setup(kind);
      incident::Alert alert = test::drift("ci");
      alert.description = "\xff\xfe";
      alert.labels["role"] = "\xc3";
      setup.deliver({{1, "", std::make_shared<const incident::Alert>(alert), {}}});
      CHECK_FALSE(setup.sent().is_discarded());
    }
  }
}

}  // namespace
}  // namespace aka::alert
