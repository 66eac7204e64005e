#pragma once

#include <filesystem>
#include <optional>

#include "app/configuration.h"
#include "app/shard.h"

// NOLINTNEXTLINE(readability-identifier-naming): the name is CLI11's
namespace CLI {
class App;
}

namespace aka::app {

/// `--config`, which every command but few needs.
void add_config_option(CLI::App& command, std::filesystem::path& config);

/// `--shard I/N`, or ordinal/N.
void add_shard_option(CLI::App& command, std::optional<Shard>& shard, const char* help);

/// The configuration, for a command that has just started: prints what is wrong with it, and
/// warnings, to standard error.
std::optional<Configuration> configured(const std::filesystem::path& config);

/// To standard error, a line each.
void print(const base::Diagnostics& diagnostics);

}  // namespace aka::app
