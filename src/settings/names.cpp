// Names and ids. Entry points: check_name(), id_field(). People often put another of a key's many
// texts where its id belongs, so each of these is recognised and told.
#include "settings/names.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/redaction.h"

namespace aka::settings {
namespace {

bool is_lower(char symbol) { return symbol >= 'a' && symbol <= 'z'; }

}  // namespace

bool check_name(std::string_view what, const std::string& text, const base::Mark& mark,
                base::Diagnostics& diagnostics) {
  if (base::is_name(text)) return true;
  diagnostics.error(mark,
                    fmt::format("'{}' is no name for {}; a name has 1 to 63 of the letters a-z and "
                                "A-Z, digits, '.', '_' and '-'",
                                base::shown(text), what));
  return false;
}

std::string explain_bad_id(std::string_view text) {
  constexpr std::string_view kRule = "must be 24 hex digits";
  if (text.size() == 8 && std::ranges::all_of(text, is_lower)) {
    return fmt::format(
        "{}; '{}' is a public key. `atlas organizations apiKeys list` shows the id "
        "that belongs to it",
        kRule, text);
  }
  if (text.starts_with("mdb_sa_id_")) {
    return fmt::format(
        "{}; this is the client id of a service account, and only API keys are "
        "watched",
        kRule);
  }
  if (base::looks_secret(text))
    return fmt::format("{}; this looks like a secret. Remove it and replace that secret", kRule);
  return fmt::format("{}, not '{}'", kRule, base::shown(text));
}

}  // namespace aka::settings
