// The one file that knows httplib's client. A subclass lends its protected process_request(), which
// writes a request to and reads an answer from any httplib::Stream, and leaves sockets, deadlines
// and limits to us. The Stream below is where those are kept: it reads the answer's head itself and
// shows httplib a short one, by which the body ends where the Stream does, unless it is in chunks.
#include "http/engine.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <httplib.h>

#include "http/head.h"

namespace aka::http {
namespace {

constexpr std::size_t kPacket = std::size_t{16} * 1024;
/// Received at once, on the stack: what a connection holds between two answers has to stay small.
constexpr std::size_t kChunk = std::size_t{4} * 1024;
/// A chunk's size line. httplib would collect one of any length.
constexpr std::size_t kLineLimit = std::size_t{4} * 1024;

TransportError cut_short(int status) {
  return {Failure::unreadable, status, "the connection closed before the answer was complete"};
}

/// What httplib takes for the socket of one request.
class AnswerStream final : public httplib::Stream {
 public:
  AnswerStream(Channel& channel, const Request& request, const Until& until, std::string& buffer)
      : channel_(channel),
        until_(until),
        body_limit_(request.body_limit),
        reader_(request.method, request.header_limit),
        buffer_(buffer) {
    buffer_.clear();
  }

  ssize_t read(char* into, size_t size) override;
  ssize_t write(const char* bytes, size_t size) override;
  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return INVALID_SOCKET; }

  /// A failure that httplib was told of as the bare -1 it understands.
  const std::optional<TransportError>& fault() const { return fault_; }
  bool answered() const { return reader_.started(); }
  int status() const { return head_ ? head_->status : reader_.status(); }
  bool has_head() const { return head_.has_value(); }
  Head& head() { return *head_; }
  bool has_leftover() const { return position_ < buffer_.size(); }
  /// httplib 0.11 takes a chunk that does not end where it should for the end of the body, 0.18 a
  /// connection that closes in the last line. The empty line after the last chunk tells.
  bool ended_with_empty_line() const { return line_ == "\r\n"; }

 private:
  bool flush();
  bool read_head();
  bool fill();
  bool is_within_limits(std::string_view taken, std::size_t asked);
  void show_head();
  bool fail(TransportError error);

  Channel& channel_;
  const Until& until_;
  std::size_t body_limit_;
  HeadReader reader_;
  std::string& buffer_;
  std::size_t position_ = 0;  ///< in the buffer: what httplib has not read yet
  /// Bytes that httplib may still read; without end where the chunks or the server's close tell.
  std::uint64_t left_ = std::numeric_limits<std::uint64_t>::max();
  std::string outgoing_;  ///< head and body of a small request leave as one packet
  std::optional<Head> head_;
  std::optional<TransportError> fault_;
  std::string line_;  ///< what httplib has read byte by byte since the last line's end
};

bool AnswerStream::fail(TransportError error) {
  // Once bytes have come, a connection that breaks has cut an answer short.
  const bool cut = answered() && error.failure == Failure::connect;
  fault_ = cut ? cut_short(status()) : std::move(error);
  fault_->status = status();
  return false;
}

ssize_t AnswerStream::write(const char* bytes, size_t size) {
  outgoing_.append(bytes, size);
  if (outgoing_.size() >= kPacket && !flush()) return -1;
  return static_cast<ssize_t>(size);
}

bool AnswerStream::flush() {
  if (outgoing_.empty()) return true;
  auto sent = channel_.write(outgoing_, until_);
  outgoing_.clear();
  return sent ? true : fail(std::move(sent.error()));
}

ssize_t AnswerStream::read(char* into, size_t size) {
  if (fault_) return -1;
  if (!head_ && (!flush() || !read_head())) return -1;
  if (left_ == 0) return 0;
  if (!has_leftover() && !fill()) return fault_ ? -1 : 0;
  const auto taken = std::min<std::uint64_t>({size, buffer_.size() - position_, left_});
  left_ -= taken;
  std::copy_n(buffer_.data() + position_, taken, into);
  position_ += taken;
  return is_within_limits({into, taken}, size) ? static_cast<ssize_t>(taken) : -1;
}

/// Receives more. False with a fault, or without one at the end of a body that ends that way.
bool AnswerStream::fill() {
  std::array<char, kChunk> arrived;
  const auto count = channel_.read(arrived.data(), arrived.size(), until_);
  buffer_.assign(arrived.data(), count.value_or(0));
  position_ = 0;
  if (!count) return fail(count.error());
  if (*count > 0) return true;
  if (!head_ && !answered()) {
    return fail({Failure::connect, 0, "the server closed the connection without an answer"});
  }
  if (!head_ || head_->framing != Framing::until_close) return fail(cut_short(status()));
  return false;
}

bool AnswerStream::read_head() {
  while (!head_) {
    if (!fill()) return false;
    auto head = reader_.feed(buffer_);
    if (!head) return fail(std::move(head.error()));
    head_ = std::move(*head);
  }
  if (head_->framing == Framing::length && head_->length > body_limit_) {
    return fail({Failure::too_large, 0,
                 fmt::format("the answer's body of {} bytes exceeds the limit of {}", head_->length,
                             body_limit_)});
  }
  show_head();
  return true;
}

void AnswerStream::show_head() {
  const bool chunked = head_->framing == Framing::chunked;
  buffer_.clear();  // keeps its memory
  fmt::format_to(std::back_inserter(buffer_), "HTTP/1.1 {}\r\n{}\r\n", head_->status,
                 chunked ? "Transfer-Encoding: chunked\r\n" : "");
  if (head_->framing == Framing::length || head_->framing == Framing::none) {
    left_ = buffer_.size() + head_->length;
  }
  buffer_ += reader_.rest();
  position_ = 0;
}

/// httplib asks for lines byte by byte and for bodies in blocks, which tells them apart.
bool AnswerStream::is_within_limits(std::string_view taken, std::size_t asked) {
  if (head_->framing != Framing::chunked) return true;
  if (asked > 1 || (!line_.empty() && line_.back() == '\n')) line_.clear();
  if (asked == 1) line_ += taken;
  if (line_.size() > kLineLimit) {
    return fail({Failure::unreadable, 0, "the answer's chunks are malformed"});
  }
  return true;
}

/// Takes the body as it comes, up to the request's limit.
struct BodyCollector {
  AnswerStream& stream;
  std::size_t limit;
  std::string body;
  bool overflowed = false;

  bool take(const char* bytes, std::size_t size) {
    overflowed = size > limit - body.size();
    if (overflowed) return false;
    if (body.empty()) body.reserve(std::max<std::size_t>(stream.head().length, size));
    body.append(bytes, size);
    return true;
  }
};

Attempt conclude(AnswerStream& stream, BodyCollector& collector, bool done) {
  const auto failed = [&](TransportError error) {
    return Attempt{tl::unexpected(std::move(error)), stream.answered(), false};
  };
  if (stream.fault()) return failed(*stream.fault());
  if (collector.overflowed) {
    return failed(
        {Failure::too_large, stream.status(),
         fmt::format("the answer's body exceeds the limit of {} bytes", collector.limit)});
  }
  if (!stream.has_head()) {
    return failed({Failure::invalid_request, 0, "httplib did not send the request"});
  }
  auto& head = stream.head();
  if (!done || (head.framing == Framing::chunked && !stream.ended_with_empty_line())) {
    return failed({Failure::unreadable, head.status, "the answer's chunks are malformed"});
  }
  const bool reusable = head.keep_alive && !stream.has_leftover();
  return {Answer{head.status, std::move(head.headers), std::move(collector.body)}, true, reusable};
}

}  // namespace

class Engine::Client : public httplib::ClientImpl {
 public:
  Client(const std::string& host, int port) : ClientImpl(host, port) {
    set_url_encode(false);
    set_decompress(false);
    set_follow_location(false);
  }
  using ClientImpl::process_request;
};

Engine::Engine(const Origin& origin, std::string user_agent)
    : host_header_(origin.host_header()),
      user_agent_(std::move(user_agent)),
      client_(std::make_unique<Client>(origin.host, origin.port)) {}

Engine::~Engine() = default;

Attempt Engine::run(Channel& channel, const Request& request, const Until& until) {
  AnswerStream stream(channel, request, until, buffer_);
  BodyCollector collector{stream, request.body_limit, {}};
  httplib::Request wire;
  wire.method = request.method;
  wire.path = request.target;
  wire.body = request.body;
  for (const auto& [name, value] : request.headers) wire.headers.emplace(name, value);
  wire.headers.emplace("Host", host_header_);
  wire.headers.emplace("User-Agent", user_agent_);
  if (!request.content_type.empty()) wire.headers.emplace("Content-Type", request.content_type);
  // Without a receiver httplib would collect a body of any size, and 0.18 ask for compression.
  wire.content_receiver = [&](const char* bytes, size_t size, uint64_t, uint64_t) {
    return collector.take(bytes, size);
  };
  try {
    httplib::Response response;
    httplib::Error unused{};
    const bool done = client_->process_request(stream, wire, response, false, unused);
    return conclude(stream, collector, done);
  } catch (const std::exception& error) {
    return {
        tl::unexpected(TransportError{Failure::unreadable, stream.status(),
                                      fmt::format("reading the answer failed: {}", error.what())}),
        true, false};
  }
}

}  // namespace aka::http
