// `check`: validates a configuration by the very path that start and reload take.
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/command_line.h"
#include "app/commands/configured.h"
#include "platform/signals.h"
#include "report/explain.h"

namespace aka::app {
namespace {

struct CheckOptions {
  std::filesystem::path config;
  bool explain = false;
};

/// A schedule that the rate limit cannot serve. The daemon would stretch the interval and go on,
/// which is no reason to accept the mistake where it can still be mended.
void check_load(const Configuration& configuration, base::Diagnostics& diagnostics) {
  const auto& organizations = configuration.roster->organizations;
  for (std::size_t i = 0; i < organizations.size(); ++i) {
    const report::OrganizationLoad load = load_of(organizations[i], configuration.settings);
    if (load.effective_interval == organizations[i].interval) continue;
    diagnostics.error(configuration.settings.organization_marks[i],
                      report::overload_text(organizations[i], load));
  }
}

void explain(const Configuration& configuration) {
  for (const model::Organization& organization : configuration.roster->organizations) {
    fmt::print("{}", report::explain_organization(organization,
                                                  load_of(organization, configuration.settings)));
    for (const model::Key& key : organization.keys)
      fmt::print("{}", report::explain_key(key, base::system_clock().wall()));
    fmt::print("\n");
  }
}

int check(const CheckOptions& options) {
  const std::filesystem::path& config = options.config;
  platform::release_stop_signals();
  const auto configuration = configured(config);
  if (!configuration) return kExitConfiguration;
  if (options.explain) explain(*configuration);
  base::Diagnostics diagnostics;
  check_load(*configuration, diagnostics);
  for (const base::Diagnostic& one : diagnostics.sorted())
    fmt::print(stderr, "{}\n", base::to_string(one));
  if (diagnostics.has_errors()) return kExitConfiguration;
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
  auto options = std::make_shared<CheckOptions>();
  add_config_option(*command, options->config);
  command->add_flag("--explain", options->explain,
                    "Print each key's policy, the requests a minute and the worst time to detect");
  command->callback([&chosen, options] { chosen = [options] { return check(*options); }; });
}

}  // namespace aka::app
