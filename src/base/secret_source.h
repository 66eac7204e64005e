#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/diagnostics.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/section.h"

namespace aka::base {

/// Where a secret is kept: the settings name the place and never hold the secret itself.
struct SecretSource {
  enum class Kind { file, environment };

  Kind kind = Kind::file;
  std::string place;  ///< a path, ready to open; or the name of an environment variable
  Mark mark;          ///< where the settings name it

  /// Reads it now; a file loses one trailing newline. What is missing, unreadable or empty is an
  /// error that names the place and the fix.
  Result<Secret> read() const;

  /// A sentence about a file that more users can read than need to: everybody, or the group of one
  /// that this user owns; nothing if all is well, if it cannot be looked at, or for an environment
  /// variable.
  std::optional<std::string> exposure() const;

  friend bool operator==(const SecretSource& left, const SecretSource& right) {
    return left.kind == right.kind && left.place == right.place;
  }
};

/// Follows a secret that may be replaced while the program runs. Used by one thread.
class SecretFollower {
 public:
  explicit SecretFollower(SecretSource source) : source_(std::move(source)) {}

  /// The secret, if it is another one than `current` and the look before found the same: a single
  /// look may meet a file that is being written. Errors as SecretSource::read().
  Result<std::optional<Secret>> look(const Secret& current);

 private:
  const SecretSource source_;
  Secret seen_;  ///< by the look before, if it was not the current one
};

enum class Need { required, optional };

/// Reads `<name>_file` or `<name>_env` of a mapping; a relative path counts from the settings file.
/// Neither (if required), both, and a secret written in place (`<name>`, or where its path or
/// variable belongs) are errors, none of which repeats the value.
std::optional<SecretSource> secret_field(Fields& fields, std::string_view name, Need need);

/// SecretSource::read() and exposure(), reported at the source's mark.
std::optional<Secret> read_secret(const SecretSource& source, Diagnostics& diagnostics);

}  // namespace aka::base
