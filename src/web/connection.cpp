// The life of a connection: handshake, then request after request, each read whole within its
// budgets and deadlines before anything else sees it. Entry: serve_connection().
#include "web/connection.h"

#include <algorithm>
#include <poll.h>
#include <sys/socket.h>

#include <fmt/format.h>

#include "web/exchange.h"
#include "web/head.h"

namespace aka::web {
namespace {

std::string_view reason(int status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 408:
      return "Request Timeout";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 431:
      return "Request Header Fields Too Large";
    default:
      return "Error";
  }
}

Refusal peer_gone() { return {0, {}}; }

class Connection {
 public:
  Connection(const Accepted& accepted, const Service& service, Progress& progress)
      : accepted_(accepted),
        service_(service),
        progress_(progress),
        transport_(accepted.descriptor, accepted.context) {}

  void run();

 private:
  Next serve_one(bool last);
  tl::expected<Head, Refusal> receive_head();
  tl::expected<std::string, Refusal> receive_body(const Head& head);
  bool await_request();
  void refuse(const Refusal& refusal);
  Instant after(base::Duration duration) const {
    return std::chrono::steady_clock::now() + duration;
  }

  const Accepted& accepted_;
  const Service& service_;
  Progress& progress_;
  Transport transport_;
  std::string received_;  ///< and not yet consumed
  bool first_ = true;
};

void Connection::run() {
  if (transport_.handshake(after(service_.options.header_deadline)) != Io::done) return;
  Next next = Next::keep_open;
  for (std::size_t left = service_.options.max_requests; next == Next::keep_open; --left) {
    next = serve_one(left <= 1);
  }
  if (next == Next::reset) {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(accepted_.descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    return;
  }
  progress_.enter(Progress::Phase::request);
  transport_.finish();
}

Next Connection::serve_one(bool last) {
  if (!await_request()) return Next::close;
  auto head = receive_head();
  if (!head) {
    refuse(head.error());
    return Next::close;
  }
  auto body = receive_body(*head);
  if (!body) {
    refuse(body.error());
    return Next::close;
  }
  head->keep_alive = head->keep_alive && !last;
  Request request;
  request.remote = accepted_.remote;
  request.headers = std::move(head->headers);
  request.body = std::move(*body);
  Writer writer(transport_);
  return exchange(*head, std::move(request), service_, progress_, writer);
}

/// A new connection has no more time to begin than a request has to arrive.
bool Connection::await_request() {
  if (!first_) progress_.enter(Progress::Phase::request);
  const base::Duration idle(service_.idle_timeout.load(std::memory_order_relaxed));
  const auto patience = first_ ? std::min(idle, service_.options.header_deadline) : idle;
  first_ = false;
  if (received_.empty() && transport_.read(received_, after(patience)) != Io::done) return false;
  progress_.enter(Progress::Phase::request);
  return true;
}

tl::expected<Head, Refusal> Connection::receive_head() {
  const auto deadline = after(service_.options.header_deadline);
  const auto budget = service_.options.header_budget;
  HeadScanner scanner;
  for (;;) {
    const auto state = scanner.look_at(std::string_view(received_).substr(0, budget));
    if (state == HeadScanner::State::complete) break;
    if (state == HeadScanner::State::malformed) {
      return tl::unexpected(Refusal{400, "this is not an HTTP request"});
    }
    if (received_.size() >= budget) {
      return tl::unexpected(Refusal{431, "the request's headers are too large"});
    }
    const Io outcome = transport_.read(received_, deadline);
    if (outcome == Io::late) return tl::unexpected(Refusal{408, "the request came too slowly"});
    if (outcome == Io::closed) return tl::unexpected(peer_gone());
  }
  auto head = parse_head(std::string_view(received_).substr(0, scanner.size()));
  received_.erase(0, scanner.size());
  return head;
}

tl::expected<std::string, Refusal> Connection::receive_body(const Head& head) {
  if (head.body_length > service_.options.body_budget) {
    return tl::unexpected(Refusal{413, "the request's body is too large"});
  }
  const auto length = static_cast<std::size_t>(head.body_length);
  const auto deadline = after(service_.options.body_deadline);
  if (head.expects_continue && received_.empty() && length > 0 &&
      transport_.write("HTTP/1.1 100 Continue\r\n\r\n", deadline) != Io::done) {
    return tl::unexpected(peer_gone());
  }
  while (received_.size() < length) {
    const Io outcome = transport_.read(received_, deadline);
    if (outcome == Io::late) return tl::unexpected(Refusal{408, "the request came too slowly"});
    if (outcome == Io::closed) return tl::unexpected(peer_gone());
  }
  std::string body = received_.substr(0, length);
  received_.erase(0, length);
  return body;
}

void Connection::refuse(const Refusal& refusal) {
  if (refusal.status == 0) return;
  const auto answer = fmt::format(
      "HTTP/1.1 {} {}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n"
      "Content-Length: {}\r\n\r\n{}\n",
      refusal.status, reason(refusal.status), refusal.text.size() + 1, refusal.text);
  transport_.write(answer, after(std::chrono::seconds(1)));
}

/// Until the peer closes or the listener does.
void hold(int descriptor) {
  pollfd entry{.fd = descriptor, .events = POLLRDHUP, .revents = 0};
  while (::poll(&entry, 1, -1) < 0) continue;
}

}  // namespace

void serve_connection(const Accepted& accepted, const Service& service, Progress& progress) {
  if (accepted.mute) {
    hold(accepted.descriptor);
    return;
  }
  try {
    Connection(accepted, service, progress).run();
  } catch (...) {
    // Out of memory: this connection is lost, the process must not be.
  }
}

}  // namespace aka::web
