// What commands with a --config share.
#include "app/commands/configured.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace aka::app {

void add_config_option(CLI::App& command, std::filesystem::path& config) {
  command
      .add_option("--config", config, "Configuration: a YAML file, or a directory of *.yaml files")
      ->required();
}

void add_shard_option(CLI::App& command, std::optional<Shard>& shard, const char* help) {
  const auto take = [&shard](const std::string& text) {
    const auto parsed = parse_shard(text, process_environment());
    if (!parsed) throw CLI::ValidationError("--shard", parsed.error().message);
    shard = *parsed;
  };
  command.add_option_function<std::string>("--shard", take, help)->type_name("I/N");
}

std::optional<Configuration> configured(const std::filesystem::path& config) {
  base::Diagnostics diagnostics;
  auto configuration = load_configuration(config, base::system_clock(), diagnostics);
  print(diagnostics);
  return configuration;
}

void print(const base::Diagnostics& diagnostics) {
  for (const base::Diagnostic& one : diagnostics.sorted())
    fmt::print(stderr, "{}\n", base::to_string(one));
}

}  // namespace aka::app
