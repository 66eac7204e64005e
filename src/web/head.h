#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "web/http.h"

namespace aka::web {

/// Why a request never reaches the handler.
struct Refusal {
  int status;  ///< 0: the peer is gone, there is nobody to tell
  std::string text;
};

/// The line and headers of a request, as far as the listener itself acts on them. Read strictly, so
/// that no two parties can disagree about where a request ends.
struct Head {
  std::string line;  ///< without its end
  Headers headers;
  std::uint64_t body_length = 0;
  bool keep_alive = true;
  bool expects_continue = false;
};

/// Watches the bytes of a head as they come in.
class HeadScanner {
 public:
  enum class State { incomplete, complete, malformed };

  /// `received` is everything since the request began; only what is new is looked at.
  State look_at(std::string_view received);
  /// Once complete: bytes of the head, its final empty line included.
  std::size_t size() const { return seen_; }

 private:
  std::size_t seen_ = 0;
  std::size_t line_start_ = 0;
};

/// A head that the scanner found complete.
tl::expected<Head, Refusal> parse_head(std::string_view head);

}  // namespace aka::web
