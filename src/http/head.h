#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "http/message.h"

namespace aka::http {

/// How the end of an answer's body is found.
enum class Framing { none, length, chunked, until_close };

/// Everything of an answer before its body.
struct Head {
  int status = 0;
  HeaderList headers;
  Framing framing = Framing::none;
  std::uint64_t length = 0;  ///< of the body, where `framing` is `length`
  bool keep_alive = false;
};

/// `text` ends with the empty line. What is no HTTP/1 answer, or frames its body ambiguously
/// (RFC 9112 section 6.3), is an error that says what is wrong.
tl::expected<Head, std::string> parse_head(std::string_view text, std::string_view method);

/// Collects an answer's head from bytes as they come, within a limit.
class HeadReader {
 public:
  /// `method` of the request, which must outlive this. `limit`: bytes, interim answers included.
  HeadReader(std::string_view method, std::size_t limit) : method_(method), limit_(limit) {}

  /// The head once it is whole; interim answers (1xx) are passed over. Fails as `unreadable` as
  /// soon as the bytes cannot become an answer, and as `too_large`.
  tl::expected<std::optional<Head>, TransportError> feed(std::string_view bytes);

  /// After the head: the bytes fed that stand behind it.
  std::string_view rest() const { return buffer_; }
  /// Of the latest status line seen so far; 0 before that.
  int status() const { return status_; }
  bool started() const { return started_; }

 private:
  bool begins_like_http();  ///< as far as can be told; also notes the status
  std::size_t find_end();   ///< 0 while the empty line is not there
  tl::unexpected<TransportError> fault(Failure failure, std::string message) const;

  std::string_view method_;
  std::size_t limit_;
  std::string buffer_;
  std::size_t passed_ = 0;   ///< bytes of interim answers, gone from the buffer
  std::size_t scanned_ = 0;  ///< where the search for the empty line goes on
  int status_ = 0;
  bool started_ = false;
};

}  // namespace aka::http
