// atlas-key-sim: the Atlas Admin API, simulated. Reads the command line and runs the program.
#include <csignal>
#include <exception>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "simulator/command_line.h"
#include "simulator/program.h"

namespace {

void block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

int run(int argc, char** argv) {
  CLI::App parser("Simulates the MongoDB Atlas Admin API, for tests and trials.", "atlas-key-sim");
  aka::simulator::CommandLine line;
  line.describe(parser);
  CLI11_PARSE(parser, argc, argv);
  auto options = line.options();
  auto done = options ? aka::simulator::run_program(std::move(*options))
                      : aka::base::Result<void>(tl::unexpected(options.error()));
  if (done) return 0;
  fmt::print(stderr, "atlas-key-sim: {}\n", done.error().message);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  block_signals();
  spdlog::set_default_logger(spdlog::stderr_logger_mt("atlas-key-sim"));
  try {
    return run(argc, argv);
  } catch (const std::exception& failure) {
    fmt::print(stderr, "atlas-key-sim: {}\n", failure.what());
    return 1;
  }
}
