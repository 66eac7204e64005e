// `drill`: proves the way of an alert with a finding that is not real, through a running daemon, or
// with --offline to the receivers alone.
#include "app/drill.h"

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "alert/sink_factory.h"
#include "app/command_line.h"
#include "app/commands/configured.h"
#include "app/shard.h"
#include "app/version.h"
#include "base/duration.h"
#include "base/stop.h"
#include "http/resolver.h"
#include "platform/control_socket.h"
#include "platform/signals.h"
#include "report/printable.h"

namespace aka::app {
namespace {

using nlohmann::json;
using report::printable;

constexpr std::chrono::seconds kDeadline{30};

struct DrillOptions {
  std::filesystem::path config;
  DrillRequest request;
  std::string add;
  std::string remove;
  std::optional<std::string> description;
  std::string lasts = "2m";
  std::optional<Shard> shard;
  bool offline = false;
};

int complain(std::string_view message) {
  fmt::print(stderr, "drill: {}\n", printable(message));
  return kExitFailure;
}

/// Tells what happens as it happens, and how it ended.
class Narrator {
 public:
  bool take(const std::string& line) {
    const json said = json::parse(line, nullptr, false);
    const std::string event = said.is_object() ? said.value("event", "") : "";
    if (event == "error") {
      complain(said.value("message", ""));
      return false;
    }
    if (event == "begun") begin(said);
    if (event == "told") {
      print(fmt::format("{} has taken that it {}, after {:.1f} s", said.value("sink", ""),
                        said.value("status", "") == "firing" ? "fires" : "resolved", seconds()));
    }
    if (event == "ended") print("ended; now the receivers are told that it resolved");
    if (event == "done") finish(said);
    std::fflush(stdout);
    return event != "done";
  }

  std::optional<int> code() const { return code_; }

 private:
  static void print(std::string_view line) { fmt::print("{}\n", printable(line)); }

  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  }

  void begin(const json& said) {
    began_ = std::chrono::steady_clock::now();
    print(said.value("summary", ""));
    std::string labels;
    for (const auto& [name, value] : said.at("labels").items()) {
      labels +=
          fmt::format("{}{}=\"{}\"", labels.empty() ? "" : ", ", name, value.get<std::string>());
    }
    print("the alert {" + labels + "}");
    const auto& receivers = said.at("receivers");
    if (receivers.empty()) {
      print(
          "no receiver is configured: atlas_alert_firing on /metrics is 1 for Prometheus's rules");
    }
    print(fmt::format("it fires for {} s, then it resolves", said.value("seconds", 0)));
  }

  void finish(const json& said) {
    const auto& missing = said.at("missing");
    code_ = missing.empty() ? kExitOk : kExitFailure;
    if (missing.empty()) {
      print("done: every receiver was told both");
      return;
    }
    for (const json& one : missing) print("not taken in time: " + one.get<std::string>());
  }

  std::chrono::steady_clock::time_point began_;
  std::optional<int> code_;
};

int through_daemon(const DrillOptions& options, const std::string& store) {
  const std::string path =
      (options.shard ? store_path_of(store, options.shard->index) : store) + ".sock";
  Narrator narrator;
  const auto asked = platform::ask(path, to_line(options.request),
                                   [&](const std::string& line) { return narrator.take(line); });
  if (!asked) {
    return complain(asked.error().message +
                    ". Is it running, and are you its user? --offline needs no daemon");
  }
  if (narrator.code()) return *narrator.code();
  return kExitFailure;
}

/// One request to one receiver.
bool deliver(alert::Sink& sink, const incident::Alert& what) {
  const alert::Notification notification{
      1, sink.traits().label, std::make_shared<const incident::Alert>(what), what.starts_at};
  const base::StopSignal never;
  const auto outcome = sink.deliver(std::span(&notification, 1),
                                    std::chrono::steady_clock::now() + kDeadline, never);
  fmt::print("{}\n", printable(fmt::format("{} {} that it {}{}", sink.traits().label,
                                           outcome ? "has taken" : "refuses",
                                           what.ends_at ? "resolved" : "fires",
                                           outcome ? "" : ": " + outcome.error().message)));
  std::fflush(stdout);
  return outcome.has_value();
}

int to_receivers(const DrillOptions& options, const Configuration& configuration) {
  const base::Clock& clock = base::system_clock();
  const auto target = find_target(*configuration.roster, options.request);
  if (!target) return complain(target.error().message);
  const auto finding = incident::pretend(options.request.pretended, *target->key, clock.wall());
  if (!finding) return complain(finding.error().message);
  const alert::AlertingSettings& alerting = configuration.alerting;
  const incident::Terms terms{1, 3, {alerting.labels.begin(), alerting.labels.end()}, {}};
  incident::Alert what =
      incident::drill_alert(*target->organization, *target->key, *finding, terms, clock.wall());
  http::Resolver resolver;
  auto sinks = alert::make_sinks(alerting, {clock, resolver, user_agent(), {{}, kRunbooks}, {}});
  if (sinks.empty()) return complain("the configuration has no receiver of alerts");
  fmt::print("{}\n", printable(what.summary));
  bool taken = true;
  for (const auto& sink : sinks) taken = deliver(*sink, what) && taken;
  std::this_thread::sleep_for(options.request.lasts);
  what.ends_at = clock.wall();
  for (const auto& sink : sinks) taken = deliver(*sink, what) && taken;
  return taken ? kExitOk : kExitFailure;
}

/// What the options ask for as one request.
base::Result<DrillRequest> request_of(const DrillOptions& options) {
  DrillRequest request = options.request;
  if (!options.add.empty()) request.pretended = {incident::Pretence::role_added, options.add};
  if (!options.remove.empty())
    request.pretended = {incident::Pretence::role_removed, options.remove};
  if (options.description) {
    request.pretended = {incident::Pretence::description_changed, *options.description};
  }
  const auto lasts = base::parse_duration(options.lasts);
  if (!lasts) return tl::unexpected(lasts.error());
  if (*lasts > std::chrono::hours(24)) {
    return base::fail(base::ErrorKind::invalid_input, "a drill lasts 24h at most");
  }
  request.lasts = std::chrono::duration_cast<std::chrono::seconds>(*lasts);
  return request;
}

int drill(DrillOptions options) {
  platform::release_stop_signals();
  const auto request = request_of(options);
  if (!request) return complain(request.error().message);
  options.request = *request;
  const std::optional<Configuration> configuration = configured(options.config);
  if (!configuration) return kExitConfiguration;
  return options.offline ? to_receivers(options, *configuration)
                         : through_daemon(options, configuration->settings.store.path);
}

}  // namespace

void add_drill(CLI::App& program, Action& chosen) {
  auto* command = program.add_subcommand(
      "drill", "Prove the way of an alert with a finding that is marked and not real");
  auto options = std::make_shared<DrillOptions>();
  add_config_option(*command, options->config);
  command->add_option("--organization", options->request.organization, "Name of the organization")
      ->required();
  command->add_option("--key", options->request.key, "Name of the key")->required();
  auto* what = command->add_option_group("pretence", "What is pretended of the key");
  what->add_option("--add", options->add,
                   "It was given this role: ORG_OWNER, or GROUP_OWNER@projectId");
  what->add_option("--remove", options->remove, "It lost this role, as its policy writes it");
  what->add_option("--description", options->description, "Its description was changed to this");
  what->require_option(1);
  command->add_option("--for", options->lasts, "How long the alert fires")->capture_default_str();
  add_shard_option(*command, options->shard,
                   "The shard that watches the organization, as given to its `run`");
  command->add_flag("--offline", options->offline, "Without a daemon, to the receivers alone");
  command->callback([&chosen, options] { chosen = [options] { return drill(*options); }; });
}

}  // namespace aka::app
