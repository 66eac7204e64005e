#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace aka::base {

/// What a program can act on; the sentence is for a person.
enum class ErrorKind {
  invalid_input,  ///< the user's file, argument or secret is wrong: mend it, do not retry
  not_found,      ///< a file, name or address does not exist
  permission,     ///< the operating system refused
  busy,           ///< somebody else holds it (address in use, store owned)
  io,             ///< reading, writing or connecting failed; may pass
  timeout,        ///< a deadline passed
  stopped,        ///< a stop was requested while waiting
  internal,       ///< a library failed in a way that should not happen
};

struct Error {
  ErrorKind kind = ErrorKind::internal;
  /// What was attempted, on what, why it failed, how to mend it.
  std::string message;

  /// The same error with outer context in front: "context: message".
  Error within(std::string_view context) && {
    message.insert(0, std::string(context) + ": ");
    return std::move(*this);
  }
};

template <typename T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(ErrorKind kind, std::string message) {
  return tl::unexpected<Error>(Error{kind, std::move(message)});
}

}  // namespace aka::base
