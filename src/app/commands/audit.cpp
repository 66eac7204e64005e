// `audit`: polls every key once, reports to standard output, writes nothing else.
#include <memory>
#include <string>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/command_line.h"
#include "app/commands/configured.h"
#include "audit/auditor.h"
#include "http/resolver.h"
#include "platform/signals.h"
#include "report/json.h"
#include "report/summary.h"
#include "report/text.h"

namespace aka::app {
namespace {

constexpr std::chrono::milliseconds kRevokePatience{1500};

struct AuditOptions {
  std::filesystem::path config;
  std::string format = "text";
};

void print(const model::Snapshot& snapshot, const std::string& format) {
  if (format == "json") {
    report::write_audit(snapshot, [](std::string_view block) {
      return std::fwrite(block.data(), 1, block.size(), stdout) == block.size();
    });
    return;
  }
  const bool colour = ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
  fmt::print("{}", report::audit_text(snapshot, colour ? report::Colour::on : report::Colour::off));
}

int audit(const AuditOptions& options) {
  // Nothing is written but the report, so a signal may end this at any point.
  platform::release_stop_signals();
  const std::optional<Configuration> configuration = configured(options.config);
  if (!configuration) return kExitConfiguration;
  const base::Clock& clock = base::system_clock();
  http::Resolver resolver;
  audit::Auditor auditor(
      {[](const audit::PollReport&) {},
       [](const model::Organization&, const model::Key&, const policy::Advance&) {}},
      clock);
  auditor.adopt(plan_for(*configuration, resolver, clock), audit::PollMode::once);
  auditor.wait_until_done();
  const model::Snapshot snapshot = auditor.snapshot();
  auditor.stop();
  revoke(configuration->credentials, *configuration, resolver, clock, kRevokePatience);
  print(snapshot, options.format);
  return report::exit_code(report::summarize(snapshot));
}

}  // namespace

void add_audit(CLI::App& program, Action& chosen) {
  auto* command =
      program.add_subcommand("audit", "Poll every key once and report; exit code 0, 1 or 2");
  auto options = std::make_shared<AuditOptions>();
  add_config_option(*command, options->config);
  command->add_option("--format", options->format, "How to report")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->callback([&chosen, options] { chosen = [options] { return audit(*options); }; });
}

}  // namespace aka::app
