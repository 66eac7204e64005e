// The typed reader over Section. Entry point: Fields. Every complaint names the mapping, the key
// and what was found, because the message is all that its author sees.
#include "base/section.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <numeric>

#include <fmt/format.h>

#include "base/redaction.h"

namespace aka::base {
namespace {

std::size_t edit_distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= left.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const std::size_t replaced = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
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
  known_.emplace(key);
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
    const std::string sentence = looks_secret(value->text) || value->text.size() > 80
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

void Fields::finish() {
  if (!usable_) return;
  const std::vector<std::string> known(known_.begin(), known_.end());
  for (const Section::Entry& entry : section_.entries) {
    if (known_.contains(entry.key)) continue;
    const auto meant = nearest(entry.key, known);
    const std::string hint = meant ? fmt::format("did you mean '{}'?", *meant)
                                   : fmt::format("it knows {}", fmt::join(known, ", "));
    diagnostics_.error(entry.mark,
                       fmt::format("{} has no setting '{}'; {}", what_, shown(entry.key), hint));
  }
}

std::string path_beside(const Mark& mark, const std::string& path) {
  if (path.empty() || mark.file == nullptr) return path;
  return (std::filesystem::path(*mark.file).parent_path() / path).string();
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
