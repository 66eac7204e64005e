#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.h"
#include "base/duration.h"
#include "base/url.h"

namespace aka::base {

/// A settings tree without syntax: what a YAML (or other) reader found, with the place of each
/// node. Duplicate keys never get this far; the reader reports them.
struct Section {
  enum class Kind { null, scalar, sequence, mapping };
  struct Entry;

  Kind kind = Kind::null;
  Mark mark;
  std::string text;            ///< of a scalar
  bool quoted = false;         ///< a quoted scalar is always text, never a number or a bool
  std::vector<Section> items;  ///< of a sequence
  std::vector<Entry> entries;  ///< of a mapping, in the order written

  const Section* find(std::string_view key) const;  ///< in a mapping; nullptr if absent
};

struct Section::Entry {
  std::string key;
  Mark mark;  ///< of the key
  Section value;
};

/// "a mapping", "a list", "text", "nothing": for messages.
std::string_view describe(Section::Kind kind);

/// Reads one mapping: each accessor takes a key, checks its type, reports what is wrong and
/// answers nothing then; finish() reports the keys that nobody asked for, with a suggestion.
/// A key with an empty value (`key:`) counts as absent.
class Fields {
 public:
  /// `what` names the mapping in messages: "policy 'ci'". A section of another kind is reported
  /// once, and then looks empty. Both references must outlive this object.
  Fields(const Section& section, std::string what, Diagnostics& diagnostics);

  const Section* any(std::string_view key);
  const Section* mapping(std::string_view key);
  const Section* sequence(std::string_view key);
  std::optional<std::string> text(std::string_view key);
  /// A name: [A-Za-z0-9._-]{1,63}.
  std::optional<std::string> name(std::string_view key);
  /// A path; a relative one counts from the file that holds it. An empty text is an empty path.
  std::optional<std::string> path(std::string_view key);
  /// An absolute http or https URL that holds no secret.
  std::optional<Url> url(std::string_view key);
  std::optional<bool> boolean(std::string_view key);  ///< true, false
  std::optional<long long> integer(std::string_view key, long long least, long long most);
  std::optional<Duration> duration(std::string_view key, Duration least, Duration most);
  /// One of the names; the error lists them.
  std::optional<std::string> choice(std::string_view key,
                                    std::initializer_list<std::string_view> names);

  /// Reports what is wrong with the value of `key`, at its place.
  void error(std::string_view key, std::string message);
  void warning(std::string_view key, std::string message);
  /// Reports `key` as missing; for use where an accessor gave nothing and has_key() is false.
  void missing(std::string_view key, std::string_view hint = {});
  bool has_key(std::string_view key) const;
  /// The place of the key's value, or of the mapping where it is absent.
  const Mark& mark_of(std::string_view key) const;
  const Mark& mark() const { return section_.mark; }
  const std::string& what() const { return what_; }
  Diagnostics& diagnostics() { return diagnostics_; }

  /// Reports the keys that nobody asked for. A key without a value is a warning, or an error if it
  /// is one of `not_empty`, where counting as absent would do harm.
  void finish(std::initializer_list<std::string_view> not_empty = {});

 private:
  void report_unknown(const Section::Entry& entry);
  const Section* of_kind(std::string_view key, Section::Kind kind);

  const Section& section_;
  std::string what_;
  Diagnostics& diagnostics_;
  std::vector<std::string> known_;  ///< keys asked for; one may stand in it twice
  bool usable_;
};

/// Whether a text may name something: [A-Za-z0-9._-]{1,63}, and nothing that looks secret.
bool is_name(std::string_view text);

/// The absolute http or https URL that a section holds; `what` names the section in messages. A
/// secret in it is an error.
std::optional<Url> read_url(const Section& section, const std::string& what,
                            Diagnostics& diagnostics);

/// Where systemd put the credentials of this service: $CREDENTIALS_DIRECTORY; nothing outside one.
std::optional<std::string> credentials_directory();

/// A path as written at `mark`, made relative to the directory of the file that the mark is in. One
/// that begins with `${CREDENTIALS_DIRECTORY}` is in that directory; no other variable is known,
/// and outside a service with credentials that name stays as it is, so that messages show it.
std::string path_beside(const Mark& mark, const std::string& path);

/// The candidate nearest to `word` in spelling, if one is near enough to be what was meant.
std::optional<std::string> nearest(std::string_view word,
                                   const std::vector<std::string>& candidates);

}  // namespace aka::base
