// `run`: the daemon in the foreground. Signals are waited for here and nowhere else.
#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/command_line.h"
#include "app/commands/configured.h"
#include "app/daemon.h"
#include "app/events.h"
#include "app/log.h"
#include "platform/link_watch.h"
#include "platform/memory.h"
#include "platform/signals.h"

namespace aka::app {
namespace {

constexpr std::chrono::seconds kWatchPeriod(2);

/// A stop must end, though a disk may not: what is committed is safe, and what is not is told.
void give_up_later() {
  static constexpr std::chrono::milliseconds kPatience{4700};
  std::thread([] {
    std::this_thread::sleep_for(kPatience);
    log::error("stop_overdue",
               {{"message", "something does not end, perhaps the disk; the process ends anyway"}});
    std::_Exit(kExitFailure);
  }).detach();
}

int serve_until_stopped(Daemon& daemon, platform::LinkWatch& watch) {
  for (;;) {
    auto request = platform::wait_for_request(kWatchPeriod);
    if (!request && watch.changed()) {
      log::info("config_swapped", {{"message", "the configuration's links lead elsewhere"}});
      request = platform::Request::reload;
    }
    if (!request) continue;
    switch (*request) {
      case platform::Request::reload:
        // What went wrong is logged there, and the old configuration goes on.
        static_cast<void>(daemon.reload());
        platform::release_free_memory();
        break;
      case platform::Request::stop:
        give_up_later();
        daemon.stop();
        log::info("stopped");
        return kExitOk;
    }
  }
}

int run(const DaemonOptions& options) {
  // Before it is read, so that no swap is missed.
  platform::LinkWatch watch(options.config);
  base::Diagnostics diagnostics;
  std::optional<Configuration> configuration =
      load_configuration(options.config, base::system_clock(), diagnostics);
  if (!configuration) {
    print(diagnostics);
    return kExitConfiguration;
  }
  configure_log(configuration->settings.log);
  log_diagnostics(diagnostics);
  auto daemon =
      Daemon::start(options, *std::exchange(configuration, std::nullopt), base::system_clock());
  if (!daemon) {
    fmt::print(stderr, "atlas-key-auditor: {}\n", daemon.error().message);
    return kExitFailure;
  }
  platform::release_free_memory();
  log::info("listening", {{"address", (*daemon)->url()}});
  return serve_until_stopped(**daemon, watch);
}

}  // namespace

void add_run(CLI::App& program, Action& chosen) {
  auto* command =
      program.add_subcommand("run", "Watch keys until stopped by SIGTERM; SIGHUP reloads");
  auto options = std::make_shared<DaemonOptions>();
  add_config_option(*command, options->config);
  command->add_option("--listen", options->listen,
                      "Serve on this address instead of web.listen (HOST:PORT)");
  add_shard_option(
      *command, options->shard,
      "Watch only this part of the organizations: I/N with I from 0 to N-1, or ordinal/N in a "
      "StatefulSet");
  command->callback([&chosen, options] { chosen = [options] { return run(*options); }; });
}

}  // namespace aka::app
