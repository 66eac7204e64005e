// `version`: which program this is.
#include "app/version.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/command_line.h"

namespace aka::app {

void add_version(CLI::App& program, Action& chosen) {
  program.add_subcommand("version", "Print version, revision and compiler")->callback([&chosen] {
    chosen = [] {
      fmt::print("{}\n", version_line());
      return kExitOk;
    };
  });
}

}  // namespace aka::app
