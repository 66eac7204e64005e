// One call of the API: request, login, classification. Entry points: get_key(), get_page() and
// get_caller().
#include "atlas/client.h"

#include <utility>

#include "atlas/classify.h"

namespace aka::atlas {
namespace {

/// Bytes of body: of one key, ten times what the largest can hold.
constexpr std::size_t kKeyLimit = std::size_t{1} << 20;
/// And of 500 keys: over 33 kB for each.
constexpr std::size_t kPageLimit = std::size_t{16} << 20;

}  // namespace

Client::Client(std::shared_ptr<const Service> service, std::shared_ptr<Credential> credential,
               std::unique_ptr<http::HttpTransport> transport, const base::Clock& clock)
    : service_(std::move(service)),
      credential_(std::move(credential)),
      transport_(std::move(transport)),
      authenticator_(credential_->authenticator()),
      clock_(clock) {}

/// What came of a request, before anybody asked what it says.
struct Client::Call {
  tl::expected<Reply, Refusal> reply;
  Traffic traffic;

  bool stopped() const {
    return reply && !reply->exchange && reply->exchange.error().failure == http::Failure::stopped;
  }
};

Client::Call Client::call(std::string target, std::string_view accept, std::size_t body_limit,
                          const http::Until& until) {
  http::Request request;
  request.target = std::move(target);
  request.headers.reserve(2);  // with the one that proves who asks
  request.headers.emplace_back("Accept", accept);
  request.body_limit = body_limit;
  Line line(*transport_, service_->base_path, clock_, until);
  Call call{authenticator_->perform(std::move(request), line), {}};
  call.traffic.sent = line.take_sent();
  if (!call.reply) {
    call.traffic.http_status = call.reply.error().http_status;
    call.traffic.rate.retry_after = call.reply.error().retry_after;
    return call;
  }
  const http::Exchange& exchange = call.reply->exchange;
  call.traffic.http_status = status_of(exchange);
  if (exchange) call.traffic.rate = read_rate_facts(*exchange, clock_.wall());
  return call;
}

std::optional<Fetched> Client::get_key(model::OrganizationId organization, model::KeyId key,
                                       const http::Until& until) {
  Call call =
      this->call(service_->key_target(organization, key), service_->accept(), kKeyLimit, until);
  if (call.stopped()) return std::nullopt;
  Fetched fetched{std::move(call.traffic), {}};
  fetched.answer = call.reply
                       ? classify(call.reply->exchange, {organization, key}, call.reply->login_note)
                       : std::move(call.reply.error().failure);
  return fetched;
}

std::optional<FetchedPage> Client::get_page(model::OrganizationId organization, int page,
                                            const http::Until& until) {
  Call call =
      this->call(service_->list_target(organization, page), service_->accept(), kPageLimit, until);
  if (call.stopped()) return std::nullopt;
  if (!call.reply) {
    return FetchedPage{std::move(call.traffic), tl::unexpected(call.reply.error().failure)};
  }
  return FetchedPage{std::move(call.traffic),
                     classify_page(call.reply->exchange, organization, call.reply->login_note)};
}

std::optional<FetchedCaller> Client::get_caller(model::OrganizationId organization,
                                                const http::Until& until) {
  Call call = this->call(service_->caller_target(), Service::accept_of_caller(), kKeyLimit, until);
  if (call.stopped()) return std::nullopt;
  if (!call.reply) {
    return FetchedCaller{std::move(call.traffic), tl::unexpected(call.reply.error().failure)};
  }
  return FetchedCaller{std::move(call.traffic),
                       classify_caller(call.reply->exchange, organization, call.reply->login_note)};
}

void Client::sign_out(const http::Until& until) {
  Line line(*transport_, service_->base_path, clock_, until);
  credential_->revoke(line);
}

}  // namespace aka::atlas
