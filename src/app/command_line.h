#pragma once

#include <functional>

// NOLINTNEXTLINE(readability-identifier-naming): the name is CLI11's
namespace CLI {
class App;
}

namespace aka::app {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;
inline constexpr int kExitFindings = 2;
/// EX_CONFIG of sysexits.h: the configuration must be mended; a restart will not help.
inline constexpr int kExitConfiguration = 78;

/// What the chosen command does; set while argv is parsed, run afterwards.
using Action = std::function<int()>;

/// Adds one command with its options to the program. Each is a file in commands/ and a row of the
/// table in command_line.cpp.
using AddCommand = void (*)(CLI::App& program, Action& chosen);

void add_run(CLI::App& program, Action& chosen);
void add_check(CLI::App& program, Action& chosen);
void add_audit(CLI::App& program, Action& chosen);
void add_init(CLI::App& program, Action& chosen);
void add_journal(CLI::App& program, Action& chosen);
void add_drill(CLI::App& program, Action& chosen);
void add_report(CLI::App& program, Action& chosen);
void add_healthcheck(CLI::App& program, Action& chosen);
void add_version(CLI::App& program, Action& chosen);

/// Parses argv, runs the command and returns its exit code.
int run_command_line(int argc, char** argv);

}  // namespace aka::app
