// `journal verify | show | export`: reads the journal, beside a running daemon or without one,
// record by record and without writing anything. Each shard has a chain of its own; without
// --shard all of them are read, one after the other.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/command_line.h"
#include "app/store_access.h"
#include "base/duration.h"
#include "base/utc_time.h"
#include "journal/chain.h"
#include "journal/verifier.h"
#include "platform/signals.h"
#include "report/printable.h"
#include "settings/load.h"
#include "store/sqlite/journal_reader.h"

namespace aka::app {
namespace {

using base::ErrorKind;
using base::Result;

struct JournalOptions {
  std::filesystem::path config;
  std::string store;
  std::string exported;  ///< of verify: an export instead of a store
  std::string key;       ///< of show; empty: of any or none
  std::string since;     ///< of show; empty: from the first
  std::optional<int> shard;
};

int complain(std::string_view message) {
  fmt::print(stderr, "atlas-key-auditor: {}\n", message);
  return kExitFailure;
}

Result<settings::StoreSettings> store_settings(const JournalOptions& options) {
  base::Diagnostics diagnostics;
  const auto settings = settings::load(options.config, base::system_clock().wall(), diagnostics);
  for (const base::Diagnostic& one : diagnostics.sorted())
    fmt::print(stderr, "{}\n", base::to_string(one));
  if (diagnostics.has_errors()) {
    return base::fail(ErrorKind::invalid_input,
                      fmt::format("{} is not valid; --store names the journal without it",
                                  options.config.string()));
  }
  return settings.store;
}

Result<std::vector<JournalChain>> chains_of(const JournalOptions& options) {
  if (options.store.empty()) {
    const auto settings = store_settings(options);
    if (!settings) return tl::unexpected(settings.error());
    return journal_chains(*settings, options.shard);
  }
  auto reader = store::open_sqlite_journal(options.store);
  if (!reader) return tl::unexpected(std::move(reader).error());
  std::vector<JournalChain> chains;
  chains.push_back({options.store, *std::move(reader)});
  return chains;
}

/// A line to standard output; false if nobody takes it.
bool print_line(std::string_view line) {
  return std::fwrite(line.data(), 1, line.size(), stdout) == line.size() &&
         std::fputc('\n', stdout) != EOF;
}

/// What is in stdio's buffer may still find the disk full.
int end_output(bool written) {
  if (written && std::fflush(stdout) == 0) return kExitOk;
  return complain("cannot write to standard output: the output is not whole");
}

/// Hands each record of each chain to `take`, until that fails to print.
int print_records(const JournalOptions& options, const store::RecordTaker& take) {
  platform::release_stop_signals();
  const auto chains = chains_of(options);
  if (!chains) return complain(chains.error().message);
  bool written = true;
  for (const JournalChain& chain : *chains) {
    const auto read = chain.reader->each(1, [&](const journal::Record& record) {
      written = take(record);
      return written;
    });
    if (!read) return complain(read.error().message);
    if (!written) break;
  }
  return end_output(written);
}

int export_journal(const JournalOptions& options) {
  return print_records(options, [](const journal::Record& record) {
    return print_line(journal::export_line(record));
  });
}

/// An instant, a day, or a duration back from now.
Result<base::WallTime> since(const std::string& text) {
  if (text.empty()) return base::WallTime::min();
  if (const auto instant = base::parse_instant(text)) return *instant;
  if (const auto day = base::parse_day(text)) return *day;
  if (const auto back = base::parse_duration(text)) return base::system_clock().wall() - *back;
  return base::fail(ErrorKind::invalid_input,
                    fmt::format("--since takes 2027-01-31, 2027-01-31T12:00:00Z or 24h, not '{}'",
                                report::printable(text)));
}

/// "12  2026-11-24T05:47:18Z  state_changed  5f1a…/64aa…  {…}"
std::string shown(const journal::Record& record) {
  std::string about = record.org_id;
  if (!record.key_id.empty()) about += "/" + record.key_id;
  if (about.empty()) about = "-";
  return report::printable(fmt::format("{:>6}  {:<24}  {:<17}  {:<49}  {}", record.seq, record.time,
                                       record.type, about, record.data));
}

int show(const JournalOptions& options) {
  const auto from = since(options.since);
  if (!from) return complain(from.error().message);
  return print_records(options, [&](const journal::Record& record) {
    if (!options.key.empty() && record.key_id != options.key) return true;
    // A time that cannot be read is shown: verify tells what to think of it.
    const auto time = base::parse_instant(record.time);
    if (time && *time < *from) return true;
    return print_line(shown(record));
  });
}

/// The end of a verification: what holds, or where it does not.
int verdict(std::string_view source, const journal::Verifier& verifier,
            const std::optional<journal::Fault>& fault) {
  if (fault) {
    return complain(fmt::format("{} does not verify: record {}: {}", source, fault->seq,
                                report::printable(fault->reason)));
  }
  if (verifier.records() == 0) {
    fmt::print("{}: verified; 0 records\n", source);
    return end_output(true);
  }
  fmt::print("{}: verified; {} record{}, {} ({}) to {} ({}); head {}\n", source, verifier.records(),
             verifier.records() == 1 ? "" : "s", verifier.first().seq, verifier.first().time,
             verifier.last().seq, verifier.last().time, verifier.last().hash);
  return end_output(true);
}

int verify_chain(const JournalChain& chain) {
  const auto head = chain.reader->head();
  if (!head) return complain(head.error().message);
  journal::Verifier verifier;
  std::optional<journal::Fault> fault;
  const auto read = chain.reader->each(1, [&](const journal::Record& record) {
    fault = verifier.take(record);
    return !fault;
  });
  if (!read) return complain(read.error().message);
  if (!fault) fault = verifier.finish(head->hash);
  return verdict(chain.name, verifier, fault);
}

/// Every chain is looked at, whatever is found of one.
int verify_store(const JournalOptions& options) {
  const auto chains = chains_of(options);
  if (!chains) return complain(chains.error().message);
  int code = kExitOk;
  for (const JournalChain& chain : *chains) code = std::max(code, verify_chain(chain));
  return code;
}

int verify_export(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  journal::Verifier verifier;
  std::optional<journal::Fault> fault;
  std::size_t number = 0;
  for (std::string line; !fault && std::getline(file, line);) {
    ++number;
    const auto record = journal::parse_export_line(line);
    if (!record)
      return complain(
          fmt::format("{} does not verify: line {}: {}", path, number, record.error().message));
    if (file.eof())
      return complain(fmt::format("{} does not verify: line {} does not end", path, number));
    fault = verifier.take(*record);
  }
  if (file.bad() || (number == 0 && !file.eof()))
    return complain(fmt::format("cannot read {}", path));
  if (!fault) fault = verifier.finish();
  return verdict(path, verifier, fault);
}

int verify(const JournalOptions& options) {
  platform::release_stop_signals();
  return options.exported.empty() ? verify_store(options) : verify_export(options.exported);
}

using Run = int (*)(const JournalOptions& options);

struct JournalCommand {
  const char* name;
  const char* description;
  Run run;
};

constexpr JournalCommand kVerify{"verify", "Check every record against the hash chain", verify};
constexpr JournalCommand kShow{"show", "Print records, one a line", show};
constexpr JournalCommand kExport{"export", "Print records as JSON Lines", export_journal};

/// Adds one of the three with the options that all have; its sources exclude each other.
CLI::Option_group& add(CLI::App& journal, Action& chosen, const JournalCommand& command,
                       const std::shared_ptr<JournalOptions>& options) {
  CLI::App* added = journal.add_subcommand(command.name, command.description);
  auto* source = added->add_option_group("source");
  auto* config =
      source->add_option("--config", options->config, "The configuration that names the store");
  source->add_option("--store", options->store, "The SQLite store itself");
  added
      ->add_option("--shard", options->shard, "With --config: only the chain of this shard, from 0")
      ->needs(config)
      ->check(CLI::Range(0, kMostShards - 1));
  source->require_option(1);
  added->callback(
      [&chosen, options, run = command.run] { chosen = [options, run] { return run(*options); }; });
  return *source;
}

}  // namespace

void add_journal(CLI::App& program, Action& chosen) {
  CLI::App* journal = program.add_subcommand("journal", "Verify, show or export the journal");
  journal->require_subcommand(1);
  auto options = std::make_shared<JournalOptions>();
  add(*journal, chosen, kVerify, options)
      .add_option("--export", options->exported, "A file that `journal export` wrote");
  add(*journal, chosen, kExport, options);
  add(*journal, chosen, kShow, options);
  CLI::App* show_command = journal->get_subcommand(kShow.name);
  show_command->add_option("--key", options->key, "Only records of this key id");
  show_command->add_option("--since", options->since,
                           "Only records from then on: 2027-01-31, 2027-01-31T12:00:00Z or 24h");
}

}  // namespace aka::app
