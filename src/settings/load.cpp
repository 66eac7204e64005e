// Loading a configuration. Entry point: load(). Files are read one after the other; their blocks
// are gathered first and read afterwards, so that the order of blocks and files decides nothing.
#include "settings/load.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/redaction.h"
#include "settings/blocks.h"
#include "settings/names.h"
#include "settings/policy_section.h"
#include "settings/roster_reader.h"
#include "settings/text_file.h"
#include "settings/yaml_reader.h"

namespace aka::settings {
namespace {

namespace fs = std::filesystem;
using base::Fields;
using base::Section;

/// Blocks that stand in one file only.
constexpr std::array<std::string_view, 6> kSingleBlocks{"atlas", "schedule", "alerting",
                                                        "web",   "store",    "log"};

base::Mark whole(const fs::path& path) {
  return {std::make_shared<const std::string>(path.string()), 0, 0};
}

/// The files to read, in order; what else seems meant for reading is warned of.
std::vector<fs::path> files_of(const fs::path& path, base::Diagnostics& diagnostics) {
  std::error_code failure;
  if (!fs::is_directory(path, failure)) return {path};
  std::vector<fs::path> files;
  fs::directory_iterator entries(path, failure);
  for (; !failure && entries != fs::directory_iterator(); entries.increment(failure)) {
    const fs::path& file = entries->path();
    std::error_code unreadable;
    if (file.filename().string().starts_with('.') || entries->is_directory(unreadable)) continue;
    if (file.extension() == ".yaml") files.push_back(file);
    if (file.extension() == ".yml")
      diagnostics.warning(whole(file), "this file is not read; rename it to end in .yaml");
  }
  if (failure) {
    diagnostics.error(
        whole(path), fmt::format("cannot list the configuration directory: {}", failure.message()));
  } else if (files.empty()) {
    diagnostics.error(whole(path), "this directory holds no *.yaml file");
  }
  std::ranges::sort(files);
  return files;
}

class Loader {
 public:
  Loader(base::WallTime now, base::Diagnostics& diagnostics)
      : diagnostics_(diagnostics), roster_(now, diagnostics) {}

  void read(const Source& source) {
    std::optional<Section> root;
    if (source.text) {
      root = read_yaml(
          source.path, *source.text,
          [&](std::size_t i, const Section& key) { roster_.add_key(i, key); }, diagnostics_);
    }
    if (!root) {
      roster_.drop_file();
      complete_ = false;
      return;
    }
    gather(*root);
  }

  Settings finish(const fs::path& path) {
    // A file that could not be read would make everything that names its content look wrong.
    if (complete_ && !versioned_)
      diagnostics_.error(whole(path), "the configuration needs 'version: 1'");
    if (complete_ && roster_.empty()) {
      diagnostics_.error(whole(path),
                         "the configuration has no organization; list at least one "
                         "under 'organizations'");
    }
    Settings settings;
    settings.atlas = read_atlas(block("atlas"), diagnostics_);
    settings.schedule = read_schedule(block("schedule"), diagnostics_);
    settings.web = read_web(block("web"), diagnostics_);
    settings.store = read_store(block("store"), diagnostics_);
    settings.log = read_log(block("log"), diagnostics_);
    if (const auto alerting = blocks_.find("alerting"); alerting != blocks_.end())
      settings.alerting = alerting->second.value;
    settings.credentials = std::move(credentials_);
    if (complete_) {
      settings.roster = roster_.build(policies_, settings.credentials, settings.schedule.interval);
      settings.organization_marks = roster_.marks();
      settings.policy_names = policies_.names();
      // Among errors, what would use them may just be unreadable.
      if (!diagnostics_.has_errors()) policies_.warn_of_unused(diagnostics_);
    }
    return settings;
  }

 private:
  struct Block {
    Section value;
    base::Mark mark;
  };

  void gather(const Section& root) {
    Fields fields(root, "the configuration", diagnostics_);
    if (root.kind != Section::Kind::mapping) complete_ = false;
    check_version(fields);
    for (const std::string_view name : kSingleBlocks) {
      const Section* section = fields.any(name);
      if (section != nullptr) add_block(name, *section, key_mark(root, name));
    }
    if (const Section* policies = fields.any("policies")) policies_.add(*policies, diagnostics_);
    if (const Section* credentials = fields.mapping("credentials")) add_credentials(*credentials);
    roster_.end_file(fields.sequence("organizations"));
    fields.finish();
  }

  static const base::Mark& key_mark(const Section& root, std::string_view name) {
    return std::ranges::find(root.entries, name, &Section::Entry::key)->mark;
  }

  void check_version(Fields& fields) {
    const auto version = fields.text("version");
    if (!fields.has_key("version")) return;
    versioned_ = true;
    if (version && version != "1") {
      fields.error("version", fmt::format("'version' must be 1, not '{}'; this program reads no "
                                          "other",
                                          base::shown(*version)));
    }
  }

  void add_block(std::string_view name, const Section& section, const base::Mark& mark) {
    const auto [first, added] = blocks_.try_emplace(std::string(name), Block{section, mark});
    if (added) return;
    diagnostics_.error(mark, fmt::format("'{}' stands in two files, also at {}; keep it in one",
                                         name, place(first->second.mark)));
  }

  void add_credentials(const Section& credentials) {
    for (const Section::Entry& entry : credentials.entries) {
      if (!check_name("a credential", entry.key, entry.mark, diagnostics_)) continue;
      const auto first = std::ranges::find(credentials_, entry.key, &CredentialSettings::name);
      if (first != credentials_.end()) {
        diagnostics_.error(entry.mark,
                           fmt::format("credential '{}' is used twice, first at {}; rename one",
                                       entry.key, place(first->mark)));
        continue;
      }
      credentials_.push_back({entry.key, entry.mark, entry.value});
    }
  }

  const Section& block(const std::string& name) const {
    static const Section absent;
    const auto found = blocks_.find(name);
    return found == blocks_.end() ? absent : found->second.value;
  }

  base::Diagnostics& diagnostics_;
  RosterReader roster_;
  PolicyTable policies_;
  std::vector<CredentialSettings> credentials_;
  std::map<std::string, Block> blocks_;
  bool versioned_ = false;
  bool complete_ = true;
};

}  // namespace

Sources read_sources(const fs::path& file_or_directory, base::Diagnostics& diagnostics) {
  Sources sources;
  for (const fs::path& file : files_of(file_or_directory, diagnostics)) {
    sources.push_back({file.string(), read_text(file, diagnostics)});
  }
  return sources;
}

Settings load(const Sources& sources, const fs::path& file_or_directory, base::WallTime now,
              base::Diagnostics& diagnostics) {
  Loader loader(now, diagnostics);
  for (const Source& source : sources) loader.read(source);
  return sources.empty() ? Settings() : loader.finish(file_or_directory);
}

Settings load(const fs::path& file_or_directory, base::WallTime now,
              base::Diagnostics& diagnostics) {
  return load(read_sources(file_or_directory, diagnostics), file_or_directory, now, diagnostics);
}

}  // namespace aka::settings
