// Delivery to Debian's own Alertmanager: what is active there, and what a restart makes of it.
#include <arpa/inet.h>
#include <array>
#include <csignal>
#include <filesystem>
#include <netinet/in.h>
#include <spawn.h>
#include <string>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "alerts.h"
#include "delivering.h"
#include "http/connection.h"
#include "kinds.h"

namespace aka::alert {
namespace {

using nlohmann::json;
using test::Delivering;
using test::eventually;
using test::firing;
using test::Ids;
using test::Kind;
using test::resolved;
using test::Workshop;
using namespace std::chrono_literals;

constexpr const char* kAlertmanager = "/usr/bin/prometheus-alertmanager";

std::uint16_t free_port() {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  REQUIRE(::bind(probe, generic, size) == 0);
  REQUIRE(::getsockname(probe, generic, &size) == 0);
  ::close(probe);
  return ntohs(address.sin_port);
}

/// One that begins with an empty memory, and ends with this object.
class Alertmanager {
 public:
  explicit Alertmanager(std::uint16_t port) : port_(port) {
    const auto configuration =
        files_.write("am.yml", "route: {receiver: none}\nreceivers: [{name: none}]\n");
    const std::string command = fmt::format(
        "exec setpriv --pdeathsig TERM {} --cluster.listen-address= --config.file={} "
        "--storage.path={}/data --web.listen-address=127.0.0.1:{} >{}/log 2>&1",
        kAlertmanager, configuration.string(), files_.path().string(), port,
        files_.path().string());
    std::array<const char*, 4> arguments{"sh", "-c", command.c_str(), nullptr};
    REQUIRE(::posix_spawn(&process_, "/bin/sh", nullptr, nullptr,
                          const_cast<char* const*>(arguments.data()), environ) == 0);
    eventually([&] { return ask("/-/ready").has_value(); });
  }
  ~Alertmanager() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  Alertmanager(const Alertmanager&) = delete;
  Alertmanager& operator=(const Alertmanager&) = delete;

  /// The keys of its active alerts, in order: "a b".
  std::string active() const {
    const auto body = ask("/api/v2/alerts?active=true");
    std::vector<std::string> keys;
    for (const json& alert : json::parse(body.value_or("[]"))) {
      keys.push_back(alert["labels"].value("key", alert["labels"].value("alertname", "")));
    }
    std::ranges::sort(keys);
    return fmt::format("{}", fmt::join(keys, " "));
  }
  json alerts() const { return json::parse(ask("/api/v2/alerts").value_or("[]")); }

 private:
  std::optional<std::string> ask(const std::string& target) const {
    http::Resolver resolver;
    base::StopSignal stop;
    const auto answer =
        http::connect_to({http::Scheme::http, "127.0.0.1", port_}, {nullptr, {}, "test"}, resolver)
            ->send({.target = target, .body_limit = std::size_t{64} << 20},
                   {std::chrono::steady_clock::now() + 20s, stop});
    if (!answer || answer->status != 200) return std::nullopt;
    return answer->body;
  }

  testing::ScratchDirectory files_;
  std::uint16_t port_;
  pid_t process_ = 0;
};

/// An alert of now: Alertmanager goes by its own clock.
Notification notification(std::int64_t id, const std::string& sink, const std::string& key,
                          std::optional<std::chrono::milliseconds> ended = std::nullopt) {
  const auto now = base::system_clock().wall();
  incident::Alert alert = test::drift(key);
  alert.starts_at = now - 1h;
  if (ended) alert.ends_at = now - *ended;
  return {id, sink, std::make_shared<const incident::Alert>(alert), now};
}

struct Setup {
  Setup() { setup.clock.set_wall(base::system_clock().wall()); }

  void begin() {
    AlertingSettings settings = workshop.settings(Kind::alertmanager, base::Scheme::http, port);
    settings.heartbeat = 5min;
    auto sinks = workshop.sinks(settings);
    label = sinks.front()->traits().label;
    setup.begin(std::move(sinks));
  }

  const std::uint16_t port = free_port();
  Delivering setup;
  Workshop workshop{setup.clock};
  std::string label;
};

bool is_missing() {
  if (std::filesystem::exists(kAlertmanager)) return false;
  MESSAGE("skipped: prometheus-alertmanager is not installed");
  return true;
}

TEST_SUITE("a real Alertmanager") {
  TEST_CASE("has what fires, again within one resend when restarted empty, and not what resolved") {
    if (is_missing()) return;
    Setup s;
    auto alertmanager = std::make_unique<Alertmanager>(s.port);
    s.begin();
    const Notification a = notification(1, s.label, "a");
    const Notification b = notification(2, s.label, "b");
    s.setup.set_firing({a.alert, b.alert});
    s.setup.enqueue({a, b});
    eventually([&] { return alertmanager->active() == "AtlasAuditorAlive a b"; });
    eventually([&] { return s.setup.finished(s.label) == Ids{1, 2}; });

    // Killed and restarted empty, before the daemon could notice.
    alertmanager.reset();
    alertmanager = std::make_unique<Alertmanager>(s.port);
    CHECK(alertmanager->active() == "");
    s.setup.clock.advance(1min);
    eventually([&] { return alertmanager->active() == "AtlasAuditorAlive a b"; });

    // Down for longer, and mended meanwhile: it is told of both when it is back.
    alertmanager.reset();
    s.setup.clock.advance(1min);
    eventually([&] { return !s.setup.failures().empty(); });
    s.setup.set_firing({b.alert});
    s.setup.enqueue({notification(3, s.label, "a", 1ms)});
    for (int minute = 0; minute < 3; ++minute) s.setup.let_fail(1min);
    alertmanager = std::make_unique<Alertmanager>(s.port);
    s.setup.clock.advance(1min);
    eventually([&] { return s.setup.accepted(s.label) == Ids{1, 2, 3}; });
    eventually([&] { return alertmanager->active() == "AtlasAuditorAlive b"; });
  }

  TEST_CASE("takes a resolve, and the same alert firing anew after it") {
    if (is_missing()) return;
    Setup s;
    const Alertmanager alertmanager(s.port);
    s.begin();
    s.setup.enqueue({notification(1, s.label, "a")});
    eventually([&] { return alertmanager.active() == "AtlasAuditorAlive a"; });
    s.setup.enqueue({notification(2, s.label, "a", 1ms)});
    eventually([&] { return alertmanager.active() == "AtlasAuditorAlive"; });
    Notification anew = notification(3, s.label, "a");
    incident::Alert alert = *anew.alert;
    alert.starts_at = base::system_clock().wall();
    anew.alert = std::make_shared<const incident::Alert>(alert);
    s.setup.enqueue({anew});
    eventually([&] { return alertmanager.active() == "AtlasAuditorAlive a"; });
    for (int i = 0; i < 6; ++i) s.setup.clock.advance(1min);
    eventually([&] { return s.setup.finished(s.label) == Ids{1, 2, 3}; });
    CHECK(alertmanager.active() == "AtlasAuditorAlive a");
  }

  TEST_CASE("takes 10,000 alerts in ten requests, with all that they say") {
    if (is_missing()) return;
    Setup s;
    const Alertmanager alertmanager(s.port);
    s.begin();
    std::vector<Notification> notifications;
    std::vector<std::shared_ptr<const incident::Alert>> all;
    for (int i = 1; i <= 10'000; ++i) {
      notifications.push_back(notification(i, s.label, fmt::format("k{}", i)));
      all.push_back(notifications.back().alert);
    }
    const auto begun = std::chrono::steady_clock::now();
    s.setup.enqueue(std::move(notifications));
    eventually([&] { return s.setup.finished(s.label).size() == 10'000; });
    const auto took = std::chrono::steady_clock::now() - begun;
    MESSAGE("10,000 alerts accepted after "
            << std::chrono::duration_cast<std::chrono::milliseconds>(took).count() << " ms, in "
            << s.setup.acceptances().size() << " requests");
    CHECK(s.setup.acceptances().size() == 10);
    const json alerts = alertmanager.alerts();
    CHECK(alerts.size() == 10'001);
    const auto ours = std::ranges::find_if(
        alerts, [](const json& alert) { return alert["labels"].value("key", "") == "k77"; });
    REQUIRE(ours != alerts.end());
    CHECK((*ours)["labels"] == json(all[76]->labels));
    CHECK((*ours)["annotations"] == json{{"summary", all[76]->summary},
                                         {"description", all[76]->description},
                                         {"runbook_url", "https://docs.example/AtlasKeyDrift.md"}});
  }
}

}  // namespace
}  // namespace aka::alert
