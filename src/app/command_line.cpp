// argv, parsed by CLI11. Entry point: run_command_line(). The table below is the list of commands.
#include "app/command_line.h"

#include <array>

#include <CLI/CLI.hpp>

#include "app/version.h"

namespace aka::app {
namespace {

constexpr std::array<AddCommand, 9> kCommands{add_run,    add_check,       add_audit,
                                              add_init,   add_journal,     add_drill,
                                              add_report, add_healthcheck, add_version};

}  // namespace

int run_command_line(int argc, char** argv) {
  CLI::App program(
      "Watches the API keys of MongoDB Atlas organizations for drift from their policy.",
      "atlas-key-auditor");
  program.set_version_flag("--version", version_line());
  program.require_subcommand(1);
  Action chosen;
  for (const AddCommand add : kCommands) add(program, chosen);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // Help and version arrive here too, with the exit code 0.
    return program.exit(error) == 0 ? kExitOk : kExitFailure;
  }
  return chosen();
}

}  // namespace aka::app
