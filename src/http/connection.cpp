// Decides when a connection is opened, kept, replaced and dropped; everything else happens below:
// dial.h gets a socket, channel.h makes it a byte stream, engine.h speaks HTTP over it.
#include "http/connection.h"

#include <cassert>
#include <utility>

#include "http/channel.h"
#include "http/dial.h"
#include "http/engine.h"
#include "http/request_check.h"

namespace aka::http {
namespace {

class Connection final : public HttpTransport {
 public:
  Connection(Origin origin, ConnectionOptions options, Resolver& resolver)
      : origin_(std::move(origin)),
        options_(std::move(options)),
        resolver_(resolver),
        engine_(origin_, options_.user_agent) {
    assert(origin_.scheme == Scheme::http || options_.trust != nullptr);
  }

  Exchange send(const Request& request, const Until& until) override;
  void drop_idle() override { channel_.reset(); }

 private:
  Attempt attempt(const Request& request, const Until& until);
  Status open(const Until& until);

  const Origin origin_;
  const ConnectionOptions options_;
  Resolver& resolver_;
  Engine engine_;
  std::unique_ptr<Channel> channel_;  ///< kept between requests while it is good
};

/// A server may close an idle connection at any moment, also after it was seen to be quiet. That is
/// no failure of the request. What the deadline or a stop ends is never tried again.
bool is_worn_out(const Attempt& attempt) {
  if (attempt.exchange || attempt.answered) return false;
  const auto failure = attempt.exchange.error().failure;
  return failure == Failure::connect || failure == Failure::tls;
}

/// The server may have read the first one before it closed.
Request repetition_of(const Request& request) {
  Request again = request;
  if (request.renewed_headers) again.headers = request.renewed_headers();
  return again;
}

Exchange Connection::send(const Request& request, const Until& until) {
  if (auto unfit = what_is_unfit(request)) {
    return tl::unexpected(TransportError{Failure::invalid_request, 0,
                                         "the request was not sent: " + std::move(*unfit)});
  }
  if (channel_ && !channel_->is_quiet()) channel_.reset();
  const bool reused = channel_ != nullptr;
  auto result = attempt(request, until);
  if (reused && is_worn_out(result)) result = attempt(repetition_of(request), until);
  if (!result.exchange) result.exchange.error().message.insert(0, origin_.authority() + ": ");
  return std::move(result.exchange);
}

/// One try, over the kept connection if there is one.
Attempt Connection::attempt(const Request& request, const Until& until) {
  if (!channel_) {
    if (auto opened = open(until); !opened) return {tl::unexpected(std::move(opened.error()))};
  }
  auto result = engine_.run(*channel_, request, until);
  if (!result.reusable) channel_.reset();
  return result;
}

Status Connection::open(const Until& until) {
  if (auto time = still_time(until, "before connecting"); !time) return time;
  auto socket = options_.proxy
                    ? dial_through(*options_.proxy, origin_, options_.user_agent, resolver_, until)
                    : dial(origin_, resolver_, until);
  if (!socket) return tl::unexpected(std::move(socket.error()));
  if (origin_.scheme == Scheme::http) {
    channel_ = plain_channel(std::move(*socket));
    return {};
  }
  auto channel = tls_channel(std::move(*socket), origin_, *options_.trust, until);
  if (!channel) return tl::unexpected(std::move(channel.error()));
  channel_ = std::move(*channel);
  return {};
}

}  // namespace

std::unique_ptr<HttpTransport> connect_to(Origin origin, ConnectionOptions options,
                                          Resolver& resolver) {
  return std::make_unique<Connection>(std::move(origin), std::move(options), resolver);
}

}  // namespace aka::http
