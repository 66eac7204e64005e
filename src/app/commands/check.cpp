// `check`: validates a configuration by the very path that start and reload take.
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/command_line.h"
#include "app/commands/configured.h"
#include "platform/signals.h"

namespace aka::app {
namespace {

int check(const std::filesystem::path& config) {
  platform::release_stop_signals();
  const auto configuration = configured(config);
  if (!configuration) return kExitConfiguration;
  const model::Roster& roster = *configuration->roster;
  fmt::print("{}: valid; {} key{} in {} organization{}\n", config.string(), roster.key_count,
             roster.key_count == 1 ? "" : "s", roster.organizations.size(),
             roster.organizations.size() == 1 ? "" : "s");
  return kExitOk;
}

}  // namespace

void add_check(CLI::App& program, Action& chosen) {
  auto* command =
      program.add_subcommand("check", "Validate a configuration; every problem is printed");
  auto config = std::make_shared<std::filesystem::path>();
  add_config_option(*command, *config);
  command->callback([&chosen, config] { chosen = [config] { return check(*config); }; });
}

}  // namespace aka::app
