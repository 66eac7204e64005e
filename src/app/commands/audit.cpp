// `audit`: polls every key once, reports to standard output, writes nothing else.
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <unistd.h>
#include <vector>

#include <CLI/CLI.hpp>

#include "app/command_line.h"
#include "app/commands/configured.h"
#include "app/progress.h"
#include "app/version.h"
#include "audit/auditor.h"
#include "http/resolver.h"
#include "platform/signals.h"
#include "report/format_table.h"
#include "report/summary.h"

namespace aka::app {
namespace {

constexpr std::chrono::milliseconds kRevokePatience{1500};

struct AuditOptions {
  std::filesystem::path config;
  std::string format = "text";
};

report::AuditFacts facts_of(const AuditOptions& options, base::WallTime started) {
  report::AuditFacts facts;
  facts.version = build().version;
  facts.config_path = options.config.string();
  std::error_code unknown;
  if (std::filesystem::is_directory(options.config, unknown) && !facts.config_path.ends_with('/')) {
    facts.config_path += '/';
  }
  facts.started = started;
  const bool colour = ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
  facts.colour = colour ? report::Colour::on : report::Colour::off;
  return facts;
}

bool print(std::string_view block) {
  return std::fwrite(block.data(), 1, block.size(), stdout) == block.size();
}

std::vector<std::string> format_names() {
  std::vector<std::string> names;
  for (const report::Format& format : report::formats()) names.emplace_back(format.name);
  return names;
}

int audit(const AuditOptions& options) {
  // Nothing is written but the report, so a signal may end this at any point.
  platform::release_stop_signals();
  const std::optional<Configuration> configuration = configured(options.config);
  if (!configuration) return kExitConfiguration;
  const base::Clock& clock = base::system_clock();
  const report::AuditFacts facts = facts_of(options, clock.wall());
  std::optional<Progress> progress(std::in_place, configuration->roster->key_count,
                                   error_terminal(), clock);
  http::Resolver resolver;
  audit::Auditor auditor(
      {[&](const audit::PollReport&) { progress->step(); },
       [](const model::Organization&, const model::Key&, const policy::Advance&) {}},
      clock);
  auditor.adopt(plan_for(*configuration, resolver, clock), audit::PollMode::once);
  auditor.wait_until_done();
  const model::Snapshot snapshot = auditor.snapshot();
  auditor.stop();
  revoke(configuration->credentials, *configuration, resolver, clock, kRevokePatience);
  progress.reset();
  report::find_format(options.format)->write(snapshot, facts, print);
  return report::exit_code(report::summarize(snapshot));
}

}  // namespace

void add_audit(CLI::App& program, Action& chosen) {
  auto* command =
      program.add_subcommand("audit", "Poll every key once and report; exit code 0, 1 or 2");
  auto options = std::make_shared<AuditOptions>();
  add_config_option(*command, options->config);
  command->add_option("--format", options->format, "How to report")
      ->check(CLI::IsMember(format_names()))
      ->capture_default_str();
  command->callback([&chosen, options] { chosen = [options] { return audit(*options); }; });
}

}  // namespace aka::app
