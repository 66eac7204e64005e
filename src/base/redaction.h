#pragma once

#include <string>
#include <string_view>

namespace aka::base {

/// Whether a text has the form of an Atlas secret: it holds an 8-4-4-4-12 hex value (a private
/// key) or `mdb_sa_sk_` (a service account's secret), or is a URL with user information.
bool looks_secret(std::string_view text);

/// Whether a setting of this name holds a secret: `*key`, `*secret`, `*token`, `*password`, but
/// not `public_key`.
bool names_secret(std::string_view key);

/// A value for a message: masked if it looks secret or like most of a private key, with control
/// characters escaped, and cut if it is long.
std::string shown(std::string_view value);

/// The same, for a value found under `key`: also masked if names_secret().
std::string shown(std::string_view key, std::string_view value);

}  // namespace aka::base
