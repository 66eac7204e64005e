#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace aka::web {

/// Header names compare without regard to case.
struct NameLess {
  using is_transparent = void;
  bool operator()(std::string_view left, std::string_view right) const;
};
using Headers = std::multimap<std::string, std::string, NameLess>;

/// A whole request, as it came; nothing in it may be trusted.
struct Request {
  std::string method;
  std::string target;  ///< path and query as sent, still encoded (digest signs this)
  std::string path;    ///< decoded
  std::string query;   ///< as sent, without the '?'
  std::string remote;  ///< "127.0.0.1:41234", "[::1]:41234"
  Headers headers;     ///< values as sent, surrounding blanks removed
  std::string body;

  /// The first header of that name; empty if there is none.
  std::string_view header(std::string_view name) const;
  /// The first parameter of that name in the query, decoded; empty if there is none.
  std::string parameter(std::string_view name) const;
};

/// Takes the next block of a body. False: the peer is gone or the listener stops, so give up.
using Sink = std::function<bool(std::string_view)>;

/// A Response::length that is found out by writing the body: it leaves in chunks. HTTP/1.0 has no
/// chunks, so do this only for what a request has asked for by Accept-Encoding, which the handler
/// is not shown of such a request.
inline constexpr std::uint64_t kUnknownLength = UINT64_MAX;

/// An answer. Its body is `body`, or, when `generate` is set, `length` bytes that `generate` writes
/// block by block on the connection's thread; each block leaves at once. A generator that writes
/// less, or throws, or whose sink said false, has its connection cut, so that nobody takes a part
/// for the whole. A HEAD request gets the same headers and never starts a generator.
struct Response {
  enum class Wire {
    normal,
    reset,  ///< the connection is reset (RST) instead of an answer
    raw,    ///< the body, then what `generate` writes, goes to the wire as it is, in place of an
            ///< answer, and the connection closes; `length` means nothing
  };

  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  /// Sent in any order; Content-Length is added.
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};
  std::uint64_t length = 0;
  std::function<void(const Sink&)> generate = {};
  Wire wire = Wire::normal;
};

/// Text for people; give it without the final newline, which is added.
Response plain(int status, std::string text);

/// Answers every request of a listener, on the threads of its connections, several at once. What it
/// throws becomes a 500 that does not show the exception.
using Handler = std::function<Response(const Request&)>;

}  // namespace aka::web
