#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/section.h"

namespace aka::settings {

/// Reports `text`, which names a `what`, at `mark` if it is no name (base::is_name()).
bool check_name(std::string_view what, const std::string& text, const base::Mark& mark,
                base::Diagnostics& diagnostics);

/// What to say of a text that stands where 24 hex digits belong: "must be ...", with the fix for
/// what it seems to be. Never repeats a secret.
std::string explain_bad_id(std::string_view text);

/// The id under `key`, of a type with `static std::optional<Id> parse(std::string_view)`. What is
/// missing or no id is reported.
template <typename Id>
std::optional<Id> id_field(base::Fields& fields, std::string_view key) {
  const auto text = fields.text(key);
  if (!text) {
    if (!fields.has_key(key)) fields.missing(key, "24 hex digits");
    return std::nullopt;
  }
  auto id = Id::parse(*text);
  if (!id) {
    fields.error(key,
                 "'" + std::string(key) + "' of " + fields.what() + " " + explain_bad_id(*text));
  }
  return id;
}

}  // namespace aka::settings
