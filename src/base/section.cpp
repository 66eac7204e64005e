// The typed reader over Section. Entry point: Fields. Every complaint names the mapping, the key
// and what was found, because the message is all that its author sees.
#include "base/section.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <numeric>

#include <fmt/format.h>

#include "base/redaction.h"

namespace aka::base {
namespace {

constexpr std::string_view kCredentials = "${CREDENTIALS_DIRECTORY}";
constexpr std::string_view kSecretInUrl =
    "a URL may not hold a secret in its query; use the settings made for secrets";

/// Whether a parameter of the query is named like a secret: "/hook?token=...".
bool has_secret_query(std::string_view target) {
  for (std::size_t at = target.find('?'); at != std::string_view::npos;
       at = target.find('&', at + 1)) {
    const std::string_view parameter = target.substr(at + 1, target.find('&', at + 1) - at - 1);
    const std::size_t end = parameter.find('=');
    if (end != std::string_view::npos && names_secret(parameter.substr(0, end))) return true;
  }
  return looks_secret(target);
}

/// Insertions, deletions, replacements and swaps of neighbours that lead from one to the other.
std::size_t edit_distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> before(right.size() + 1);
  std::vector<std::size_t> above(right.size() + 1);
  std::vector<std::size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= left.size(); ++i) {
    before.swap(above);
    above.swap(row);
    row[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const bool same = left[i - 1] == right[j - 1];
      row[j] = std::min({above[j - 1] + (same ? 0 : 1), above[j] + 1, row[j - 1] + 1});
      const bool swapped =
          i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row.back();
}

}  // namespace

const Section* Section::find(std::string_view key) const {
  const auto entry = std::ranges::find(entries, key, &Entry::key);
  return entry == entries.end() ? nullptr : &entry->value;
}

std::string_view describe(Section::Kind kind) {
  switch (kind) {
    case Section::Kind::null:
      return "nothing";
    case Section::Kind::scalar:
      return "a single value";
    case Section::Kind::sequence:
      return "a list";
    case Section::Kind::mapping:
      return "a mapping";
  }
  return "";
}

Fields::Fields(const Section& section, std::string what, Diagnostics& diagnostics)
    : section_(section),
      what_(std::move(what)),
      diagnostics_(diagnostics),
      usable_(section.kind == Section::Kind::mapping) {
  if (!usable_ && section.kind != Section::Kind::null) {
    diagnostics_.error(section.mark, fmt::format("{} must be a mapping of settings, not {}", what_,
                                                 describe(section.kind)));
  }
}

const Section* Fields::any(std::string_view key) {
  known_.emplace_back(key);
  const Section* value = usable_ ? section_.find(key) : nullptr;
  return value == nullptr || value->kind == Section::Kind::null ? nullptr : value;
}

const Section* Fields::of_kind(std::string_view key, Section::Kind kind) {
  const Section* value = any(key);
  if (value == nullptr || value->kind == kind) return value;
  diagnostics_.error(value->mark, fmt::format("'{}' of {} must be {}, not {}", key, what_,
                                              describe(kind), describe(value->kind)));
  return nullptr;
}

const Section* Fields::mapping(std::string_view key) {
  return of_kind(key, Section::Kind::mapping);
}
const Section* Fields::sequence(std::string_view key) {
  return of_kind(key, Section::Kind::sequence);
}

std::optional<std::string> Fields::text(std::string_view key) {
  const Section* value = of_kind(key, Section::Kind::scalar);
  return value == nullptr ? std::nullopt : std::optional(value->text);
}

std::optional<std::string> Fields::path(std::string_view key) {
  const Section* value = of_kind(key, Section::Kind::scalar);
  return value == nullptr ? std::nullopt : std::optional(path_beside(value->mark, value->text));
}

std::optional<Url> Fields::url(std::string_view key) {
  const Section* value = of_kind(key, Section::Kind::scalar);
  if (value == nullptr) return std::nullopt;
  return read_url(*value, fmt::format("'{}' of {}", key, what_), diagnostics_);
}

std::optional<std::string> Fields::name(std::string_view key) {
  auto value = text(key);
  if (!value || is_name(*value)) return value;
  diagnostics_.error(mark_of(key),
                     fmt::format("'{}' of {} must be 1 to 63 of the letters a-z and A-Z, digits, "
                                 "'.', '_' and '-', not '{}'",
                                 key, what_, shown(*value)));
  return std::nullopt;
}

std::optional<bool> Fields::boolean(std::string_view key) {
  const Section* value = of_kind(key, Section::Kind::scalar);
  if (value == nullptr) return std::nullopt;
  if (!value->quoted && value->text == "true") return true;
  if (!value->quoted && value->text == "false") return false;
  diagnostics_.error(value->mark, fmt::format("'{}' of {} must be true or false, not '{}'", key,
                                              what_, shown(key, value->text)));
  return std::nullopt;
}

std::optional<long long> Fields::integer(std::string_view key, long long least, long long most) {
  const Section* value = of_kind(key, Section::Kind::scalar);
  if (value == nullptr) return std::nullopt;
  long long number = 0;
  const char* const last = value->text.data() + value->text.size();
  const auto [end, error] = std::from_chars(value->text.data(), last, number);
  if (value->quoted || error != std::errc() || end != last || number < least || number > most) {
    diagnostics_.error(value->mark,
                       fmt::format("'{}' of {} must be a whole number from {} to {}, not '{}'", key,
                                   what_, least, most, shown(key, value->text)));
    return std::nullopt;
  }
  return number;
}

std::optional<Duration> Fields::duration(std::string_view key, Duration least, Duration most) {
  const Section* value = of_kind(key, Section::Kind::scalar);
  if (value == nullptr) return std::nullopt;
  const auto duration = parse_duration(value->text);
  if (!duration) {
    // The sentence of parse_duration() repeats its input.
    const std::string sentence = shown(value->text) != value->text
                                     ? "this is not a duration; write it like 30s or 5m"
                                     : duration.error().message;
    diagnostics_.error(value->mark, fmt::format("'{}' of {}: {}", key, what_, sentence));
    return std::nullopt;
  }
  if (*duration < least || *duration > most) {
    diagnostics_.error(value->mark,
                       fmt::format("'{}' of {} must be from {} to {}, not {}", key, what_,
                                   format_duration(least), format_duration(most), value->text));
    return std::nullopt;
  }
  return *duration;
}

std::optional<std::string> Fields::choice(std::string_view key,
                                          std::initializer_list<std::string_view> names) {
  const Section* value = of_kind(key, Section::Kind::scalar);
  if (value == nullptr) return std::nullopt;
  if (std::ranges::find(names, value->text) != names.end()) return value->text;
  diagnostics_.error(value->mark,
                     fmt::format("'{}' of {} must be one of {}; '{}' is none of them", key, what_,
                                 fmt::join(names, ", "), shown(key, value->text)));
  return std::nullopt;
}

void Fields::error(std::string_view key, std::string message) {
  diagnostics_.error(mark_of(key), std::move(message));
}

void Fields::warning(std::string_view key, std::string message) {
  diagnostics_.warning(mark_of(key), std::move(message));
}

void Fields::missing(std::string_view key, std::string_view hint) {
  if (!usable_ && section_.kind != Section::Kind::null) return;  // reported as a whole already
  diagnostics_.error(section_.mark,
                     fmt::format("{} needs '{}'{}{}", what_, key, hint.empty() ? "" : ": ", hint));
}

bool Fields::has_key(std::string_view key) const {
  const Section* value = usable_ ? section_.find(key) : nullptr;
  return value != nullptr && value->kind != Section::Kind::null;
}

const Mark& Fields::mark_of(std::string_view key) const {
  const Section* value = usable_ ? section_.find(key) : nullptr;
  return value == nullptr ? section_.mark : value->mark;
}

void Fields::finish(std::initializer_list<std::string_view> not_empty) {
  if (!usable_) return;
  for (const Section::Entry& entry : section_.entries) {
    if (std::ranges::find(known_, entry.key) == known_.end()) {
      report_unknown(entry);
    } else if (entry.value.kind != Section::Kind::null) {
      continue;
    } else if (std::ranges::find(not_empty, entry.key) != not_empty.end()) {
      diagnostics_.error(
          entry.mark,
          fmt::format("'{}' of {} is empty; give it a value or remove it", entry.key, what_));
    } else {
      diagnostics_.warning(
          entry.mark, fmt::format("'{}' of {} is empty and counts as absent", entry.key, what_));
    }
  }
}

void Fields::report_unknown(const Section::Entry& entry) {
  std::ranges::sort(known_);
  known_.erase(std::unique(known_.begin(), known_.end()), known_.end());
  const auto meant = nearest(entry.key, known_);
  const std::string hint = meant ? fmt::format("did you mean '{}'?", *meant)
                                 : fmt::format("it knows {}", fmt::join(known_, ", "));
  diagnostics_.error(entry.mark,
                     fmt::format("{} has no setting '{}'; {}", what_, shown(entry.key), hint));
}

bool is_name(std::string_view text) {
  const auto belongs = [](char symbol) {
    return (symbol >= 'a' && symbol <= 'z') || (symbol >= 'A' && symbol <= 'Z') ||
           (symbol >= '0' && symbol <= '9') || symbol == '.' || symbol == '_' || symbol == '-';
  };
  return !text.empty() && text.size() <= 63 && std::ranges::all_of(text, belongs) &&
         !looks_secret(text);
}

std::optional<Url> read_url(const Section& section, const std::string& what,
                            Diagnostics& diagnostics) {
  if (section.kind != Section::Kind::scalar) {
    diagnostics.error(section.mark,
                      fmt::format("{} must be a URL, not {}", what, describe(section.kind)));
    return std::nullopt;
  }
  auto url = parse_url(section.text);
  if (url && !has_secret_query(url->target)) return std::move(*url);
  diagnostics.error(section.mark,
                    fmt::format("{}: {}", what, url ? kSecretInUrl : url.error().message));
  return std::nullopt;
}

std::string path_beside(const Mark& mark, const std::string& path) {
  const auto directory = path.starts_with(kCredentials) ? credentials_directory() : std::nullopt;
  if (directory) return *directory + path.substr(kCredentials.size());
  if (path.empty() || mark.file == nullptr) return path;
  return (std::filesystem::path(*mark.file).parent_path() / path).string();
}

std::optional<std::string> credentials_directory() {
  // Nothing in this program changes its environment.
  const char* const directory =
      std::getenv("CREDENTIALS_DIRECTORY");  // NOLINT(concurrency-mt-unsafe)
  if (directory == nullptr || *directory != '/') return std::nullopt;
  return directory;
}

std::optional<std::string> nearest(std::string_view word,
                                   const std::vector<std::string>& candidates) {
  std::optional<std::string> best;
  std::size_t best_distance = std::max<std::size_t>(word.size() / 3, 1) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace aka::base
