// One poll of one key: request, login, classification. Entry point: Client::get_key().
#include "atlas/client.h"

#include <utility>

#include "atlas/classify.h"

namespace aka::atlas {

Client::Client(std::shared_ptr<const Service> service, std::shared_ptr<Credential> credential,
               std::unique_ptr<http::HttpTransport> transport, const base::Clock& clock)
    : service_(std::move(service)),
      credential_(std::move(credential)),
      transport_(std::move(transport)),
      authenticator_(credential_->authenticator()),
      clock_(clock) {}

std::optional<Fetched> Client::get_key(model::OrganizationId organization, model::KeyId key,
                                       std::chrono::steady_clock::time_point deadline,
                                       const base::StopSignal& stop) {
  http::Request request;
  request.target = service_->key_target(organization, key);
  request.headers.emplace_back("Accept", service_->accept());
  Line line(*transport_, service_->base_path, clock_, deadline, stop);
  auto reply = authenticator_->perform(std::move(request), line);
  Fetched fetched;
  fetched.sent = line.sent();
  if (!reply) {
    fetched.answer = std::move(reply.error().failure);
    fetched.http_status = reply.error().http_status;
    fetched.rate.retry_after = reply.error().retry_after;
    return fetched;
  }
  const http::Exchange& exchange = reply->exchange;
  if (!exchange && exchange.error().failure == http::Failure::stopped) return std::nullopt;
  fetched.answer = classify(exchange, {organization, key}, reply->login_note);
  fetched.http_status = status_of(exchange);
  if (exchange) fetched.rate = read_rate_facts(*exchange, clock_.wall());
  return fetched;
}

void Client::sign_out(std::chrono::steady_clock::time_point deadline,
                      const base::StopSignal& stop) {
  Line line(*transport_, service_->base_path, clock_, deadline, stop);
  credential_->revoke(line);
}

}  // namespace aka::atlas
