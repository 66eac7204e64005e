// `init`: prints policies and keys for what an organization holds today. It writes no file, so that
// it cannot overwrite one.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/command_line.h"
#include "app/commands/configured.h"
#include "atlas/classify.h"
#include "atlas/client.h"
#include "base/stop.h"
#include "http/resolver.h"
#include "platform/signals.h"
#include "report/bootstrap.h"

namespace aka::app {
namespace {

constexpr std::chrono::milliseconds kRevokePatience{1500};
/// Far more than an organization can hold; the end of a service that names a next page for ever.
constexpr int kMostPages = 1000;

struct InitOptions {
  std::filesystem::path config;
  std::string organization;
};

const model::Organization* find(const model::Roster& roster, const std::string& name) {
  const auto found = std::ranges::find(roster.organizations, name, &model::Organization::name);
  return found == roster.organizations.end() ? nullptr : &*found;
}

int complain_of_name(const model::Roster& roster, const std::string& name) {
  std::vector<std::string> names;
  for (const model::Organization& one : roster.organizations) names.push_back(one.name);
  fmt::print(stderr, "init: the configuration has no organization named '{}'; it has {}\n", name,
             fmt::join(names, ", "));
  return kExitConfiguration;
}

/// All pages, or nothing: half a list would look like a whole one.
base::Result<std::vector<model::KeyRecord>> fetch(const model::Organization& organization,
                                                  atlas::Client& client, base::Duration timeout) {
  std::vector<model::KeyRecord> records;
  const base::StopSignal never;
  for (int number = 1; number <= kMostPages; ++number) {
    auto fetched = client.get_page(organization.id, number,
                                   {std::chrono::steady_clock::now() + timeout, never});
    if (!fetched) break;
    if (!fetched->page) {
      return base::fail(base::ErrorKind::io,
                        fmt::format("listing the keys of '{}' (page {}): {}", organization.name,
                                    number, fetched->page.error().message));
    }
    atlas::KeyPage& page = *fetched->page;
    if (!page.unreadable.empty()) {
      return base::fail(
          base::ErrorKind::io,
          fmt::format("listing the keys of '{}' (page {}): {}", organization.name, number,
                      atlas::classify_unreadable(page.unreadable.front()).message));
    }
    std::ranges::move(page.keys, std::back_inserter(records));
    if (page.last) return records;
  }
  return base::fail(
      base::ErrorKind::io,
      fmt::format("listing the keys of '{}': the list has no end", organization.name));
}

int init(const InitOptions& options) {
  // Nothing is written but standard output, so a signal may end this at any point.
  platform::release_stop_signals();
  const auto configuration = configured(options.config);
  if (!configuration) return kExitConfiguration;
  const model::Organization* organization = find(*configuration->roster, options.organization);
  if (organization == nullptr)
    return complain_of_name(*configuration->roster, options.organization);
  const base::Clock& clock = base::system_clock();
  http::Resolver resolver;
  const auto client = client_factory(*configuration, resolver, clock)(*organization);
  const auto records = fetch(*organization, *client, configuration->settings.atlas.timeout);
  revoke(configuration->credentials, *configuration, resolver, clock, kRevokePatience);
  if (!records) {
    fmt::print(stderr, "init: {}\n", records.error().message);
    return kExitFailure;
  }
  fmt::print("{}", report::bootstrap_yaml(*records, *organization,
                                          configuration->settings.policy_names, clock.wall()));
  return kExitOk;
}

}  // namespace

void add_init(CLI::App& program, Action& chosen) {
  auto* command = program.add_subcommand(
      "init", "Print policies and keys for what an organization holds today");
  auto options = std::make_shared<InitOptions>();
  add_config_option(*command, options->config);
  command->add_option("--organization", options->organization, "Its name in the configuration")
      ->required();
  command->callback([&chosen, options] { chosen = [options] { return init(*options); }; });
}

}  // namespace aka::app
