// `report`: what the journal proves of a period, as one file for an auditor. Reads beside a running
// daemon, and writes to standard output only.
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/command_line.h"
#include "app/commands/configured.h"
#include "app/store_access.h"
#include "app/version.h"
#include "base/utc_time.h"
#include "evidence/collector.h"
#include "evidence/formats.h"
#include "platform/signals.h"
#include "report/printable.h"
#include "settings/load.h"

namespace aka::app {
namespace {

using base::ErrorKind;
using base::Result;

struct ReportOptions {
  std::filesystem::path config;
  std::string from;
  std::string to;
  std::string format = "html";
};

int complain(std::string_view message) {
  fmt::print(stderr, "report: {}\n", report::printable(message));
  return kExitFailure;
}

enum class Bound { first, last };

/// A day stands for its first instant, or as the last one of a period for its end.
Result<base::WallTime> instant_of(const std::string& text, std::string_view option, Bound bound) {
  if (const auto instant = base::parse_instant(text)) return *instant;
  if (const auto day = base::parse_day(text)) {
    return bound == Bound::first ? *day : *day + std::chrono::hours(24);
  }
  return base::fail(
      ErrorKind::invalid_input,
      fmt::format("{} takes 2027-01-31 or 2027-01-31T12:00:00Z, not '{}'", option, text));
}

Result<evidence::Period> period_of(const ReportOptions& options) {
  const auto from = instant_of(options.from, "--from", Bound::first);
  if (!from) return tl::unexpected(from.error());
  const auto until = instant_of(options.to, "--to", Bound::last);
  if (!until) return tl::unexpected(until.error());
  if (*from >= *until) {
    return base::fail(ErrorKind::invalid_input, "--from must be before --to");
  }
  return evidence::Period{*from, *until};
}

Result<void> read_chain(const JournalChain& chain, evidence::Evidence& evidence) {
  const auto head = chain.reader->head();
  if (!head) return tl::unexpected(head.error());
  evidence::Collector collector(evidence.period, evidence.made);
  auto read = chain.reader->each(1, [&](const journal::Record& record) {
    collector.take(record);
    return true;
  });
  if (!read) return read;
  collector.finish(chain.name, head->hash, evidence);
  return {};
}

int print(const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (written && std::fflush(stdout) == 0) return kExitOk;
  return complain("cannot write to standard output: the report is not whole");
}

int make_report(const ReportOptions& options) {
  platform::release_stop_signals();
  const auto period = period_of(options);
  if (!period) return complain(period.error().message);
  base::Diagnostics diagnostics;
  const base::WallTime now = base::system_clock().wall();
  const auto settings = settings::load(options.config, now, diagnostics);
  for (const base::Diagnostic& one : diagnostics.sorted())
    fmt::print(stderr, "{}\n", base::to_string(one));
  if (diagnostics.has_errors()) return kExitConfiguration;
  evidence::Evidence evidence;
  evidence.period = *period;
  evidence.made = now;
  evidence.version = build().version;
  const auto chains = journal_chains(settings.store, std::nullopt);
  if (!chains) return complain(chains.error().message);
  for (const JournalChain& chain : *chains) {
    if (const auto read = read_chain(chain, evidence); !read) return complain(read.error().message);
  }
  const int printed =
      print(options.format == "json" ? evidence::to_json(evidence) : evidence::to_html(evidence));
  if (evidence::is_sound(evidence)) return printed;
  return complain("the journal does not verify; the report says where");
}

}  // namespace

void add_report(CLI::App& program, Action& chosen) {
  auto* command =
      program.add_subcommand("report", "Print what the journal proves of a period, for an auditor");
  auto options = std::make_shared<ReportOptions>();
  add_config_option(*command, options->config);
  command->add_option("--from", options->from, "First day: 2027-01-01, or an instant")->required();
  command->add_option("--to", options->to, "Last day, which counts; or an instant")->required();
  command->add_option("--format", options->format, "How to print")
      ->check(CLI::IsMember({"html", "json"}))
      ->capture_default_str();
  command->callback([&chosen, options] { chosen = [options] { return make_report(*options); }; });
}

}  // namespace aka::app
