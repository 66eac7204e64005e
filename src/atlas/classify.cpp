// From an exchange to what it says of a key: the table of states and reasons, row by row. Entry
// point: classify(). Atlas answers 400 for a key that is gone and 401 for a role that is too low,
// so that the status alone decides little; the code in the body does.
#include "atlas/classify.h"

#include <string>
#include <utility>

#include <fmt/format.h>

#include "atlas/error_body.h"
#include "atlas/json_reader.h"
#include "atlas/key_page.h"
#include "atlas/key_parser.h"

namespace aka::atlas {
namespace {

using model::Failure;
using model::Reason;
using model::State;

bool is_access_list_code(std::string_view code) {
  return code.ends_with("_ACCESS_LIST") || code.ends_with("_WHITELIST");
}

Failure unauthorized(const ErrorBody& error, std::string_view login_note) {
  const bool nothing_known = error.code.empty() || error.code == "UNEXPECTED_ERROR";
  if (nothing_known) {
    return {State::unauthorized, Reason::bad_credentials,
            fmt::format("the service refused the credential{}: {}", quote_answer(401, error),
                        login_note.empty() ? "check it and the secret it names" : login_note)};
  }
  if (error.code.starts_with("USER_CANNOT_ACCESS_")) {
    return {State::forbidden, Reason::wrong_org,
            fmt::format("the credential belongs to another organization{}: an API key or service "
                        "account works for one organization only; give this one a credential of "
                        "its own",
                        quote_answer(401, error))};
  }
  return {State::forbidden, Reason::role_too_low,
          fmt::format("the credential may not read the organization's API keys{}: give it the role "
                      "Organization Read Only or Organization Member",
                      quote_answer(401, error))};
}

Failure forbidden(int status, const ErrorBody& error) {
  if (is_access_list_code(error.code)) {
    return {State::forbidden, Reason::ip_not_on_access_list,
            fmt::format("the access list of the daemon's own credential does not let it in{}: add "
                        "the address it connects from to the API access list of that API key or "
                        "service account (the network access list of a project has no say in this)",
                        quote_answer(status, error))};
  }
  const std::string_view advice =
      status == 402 ? "the organization is suspended until its bills are paid"
                    : "check the role of the credential and the rules of the organization";
  return {State::forbidden, Reason::denied,
          fmt::format("the service denies access{}: {}", quote_answer(status, error), advice)};
}

Failure not_found(const ErrorBody& error) {
  const auto message = [&](std::string_view what, std::string_view advice) {
    return fmt::format("{}{}: {}", what, quote_answer(404, error), advice);
  };
  if (error.code == "NOT_ATLAS_ORG") {
    return {State::not_found, Reason::org_missing,
            message("this organization is not in Atlas",
                    "set atlas.api to public-v1.0, which serves Cloud Manager and Ops Manager")};
  }
  if (error.code == "ORG_NOT_FOUND" || error.code == "INVALID_ORG_ID") {
    return {State::not_found, Reason::org_missing,
            message("the service knows no such organization",
                    "check the organization's id, and that the credential is one of it")};
  }
  if (error.code == "EXPECTED_NON_ATLAS_ORG" || error.code == "ATLAS_GROUP") {
    return {State::not_found, Reason::unknown,
            message("this organization is in Atlas, not in Cloud Manager",
                    "set atlas.api to v1.0 or v2")};
  }
  return {State::not_found, Reason::unknown,
          message("the service has nothing at this address",
                  "check atlas.base_url, atlas.api and the organization's id")};
}

std::string_view advice_for_bad_request(int status, std::string_view code) {
  if (status >= 300 && status < 400) {
    return "redirects are not followed, since they would carry the credential elsewhere; set "
           "atlas.base_url to the address that answers";
  }
  if (status == 406 || code == "INVALID_VERSION_DATE") {
    return "it does not serve this version of the API; check atlas.api";
  }
  if (status == 410) return "it no longer serves this version of the API; set atlas.api to v2";
  if (code == "PATH_PARAM_PARSE_ERROR") {
    return "an id in the configuration is not one; ids have 24 hex digits, public keys 8 letters";
  }
  return "check atlas.base_url and atlas.api";
}

Failure bad_request(int status, const ErrorBody& error) {
  return {State::error, Reason::bad_request,
          fmt::format("the service did not accept the request{}: {}", quote_answer(status, error),
                      advice_for_bad_request(status, error.code))};
}

Failure unreadable(std::string_view problem, std::string_view wanted = "an API key") {
  return {State::error, Reason::invalid_body,
          fmt::format("the answer {}: it does not describe {}; if this stays, check "
                      "atlas.base_url and atlas.api",
                      problem, wanted)};
}

Failure server_failed(int status, const ErrorBody& error) {
  return {State::error, Reason::http_5xx,
          fmt::format("the service failed{}: it should pass; if it stays, see its status page",
                      quote_answer(status, error))};
}

Failure throttled(const ErrorBody& error) {
  return {State::rate_limited, Reason::throttled,
          fmt::format("the service is asked too often{}: the polls slow down by themselves; other "
                      "programs that use the organization's API share its limit",
                      quote_answer(429, error))};
}

model::Answer read_record(std::string_view body, const Asked& asked) {
  auto record = parse_key(body, asked.organization);
  if (!record) return unreadable(record.error());
  if (record->id == asked.key) return std::move(*record);
  return Failure{State::error, Reason::id_mismatch,
                 fmt::format("asked for the key {}, the service described the key {}: a proxy or "
                             "cache on the way may mix answers up",
                             asked.key.to_string(), record->id.to_string())};
}

model::Answer classify_error(int status, const ErrorBody& error, std::string_view login_note) {
  if ((status == 400 || status == 404) && error.code == "API_KEY_NOT_FOUND") {
    return model::KeyMissing{};
  }
  if (status >= 500 && status < 600) return server_failed(status, error);
  switch (status) {
    case 401:
      return unauthorized(error, login_note);
    case 402:
    case 403:
      return forbidden(status, error);
    case 404:
      return not_found(error);
    case 407:
      return Failure{State::error, Reason::proxy,
                     "a proxy demands a login (HTTP 407), which is not supported: let the proxy "
                     "admit this machine without one"};
    case 429:
      return throttled(error);
    default:
      break;
  }
  if (status >= 300 && status < 500) return bad_request(status, error);
  return unreadable(fmt::format("has the status {}", status));
}

model::Answer classify_answer(const http::Answer& answer, const Asked& asked,
                              std::string_view login_note) {
  if (answer.status != 200) return classify_error(answer.status, read_error(answer), login_note);
  auto direct = read_record(answer.body, asked);
  const auto* const failure = std::get_if<Failure>(&direct);
  if (failure == nullptr || failure->reason != Reason::invalid_body) return direct;
  auto envelope = open_envelope(answer.body);
  if (!envelope) return direct;
  if (envelope->status == 200) return read_record(envelope->content, asked);
  const http::Answer inner{envelope->status, answer.headers, std::move(envelope->content)};
  return classify_error(inner.status, read_error(inner), login_note);
}

/// For what is no key: then the word that there is no such key makes no sense either.
Failure failure_of(model::Answer answer, const ErrorBody& error) {
  if (auto* failure = std::get_if<Failure>(&answer)) return std::move(*failure);
  return not_found(error);
}

template <typename Parse>
auto classify_as(std::string_view wanted, const http::Exchange& exchange,
                 std::string_view login_note, const Parse& parse)
    -> tl::expected<typename decltype(parse(std::string_view()))::value_type, Failure> {
  if (!exchange) return tl::unexpected(classify_failure(exchange.error()));
  if (exchange->status != 200) {
    const ErrorBody error = read_error(*exchange);
    return tl::unexpected(failure_of(classify_error(exchange->status, error, login_note), error));
  }
  auto parsed = parse(std::string_view(exchange->body));
  if (!parsed) return tl::unexpected(unreadable(parsed.error(), wanted));
  return *std::move(parsed);
}

Reason reason_of(http::Failure failure) {
  switch (failure) {
    case http::Failure::timeout:
      return Reason::timeout;
    case http::Failure::connect:
    case http::Failure::stopped:
      return Reason::connect;
    case http::Failure::dns:
      return Reason::dns;
    case http::Failure::tls:
      return Reason::tls;
    case http::Failure::proxy:
      return Reason::proxy;
    case http::Failure::too_large:
      return Reason::too_large;
    case http::Failure::unreadable:
      return Reason::invalid_body;
    case http::Failure::invalid_request:
      return Reason::bad_request;
  }
  return Reason::connect;
}

}  // namespace

model::Failure classify_failure(const http::TransportError& error) {
  const bool came_in_part =
      error.failure == http::Failure::too_large || error.failure == http::Failure::unreadable;
  // Of these the status says it all, whatever became of the body.
  if (came_in_part && error.status >= 500 && error.status < 600)
    return server_failed(error.status, {});
  if (came_in_part && error.status == 429) return throttled({});
  return {State::error, reason_of(error.failure), error.message};
}

model::Answer classify(const http::Exchange& exchange, const Asked& asked,
                       std::string_view login_note) {
  if (!exchange) return classify_failure(exchange.error());
  return classify_answer(*exchange, asked, login_note);
}

tl::expected<KeyPage, Failure> classify_page(const http::Exchange& exchange,
                                             model::OrganizationId organization,
                                             std::string_view login_note) {
  return classify_as("a list of API keys", exchange, login_note,
                     [&](std::string_view body) { return parse_key_page(body, organization); });
}

tl::expected<std::optional<model::KeyRecord>, Failure> classify_caller(
    const http::Exchange& exchange, model::OrganizationId organization,
    std::string_view login_note) {
  return classify_as("the caller", exchange, login_note,
                     [&](std::string_view body) { return parse_caller(body, organization); });
}

model::Failure classify_unreadable(const UnreadableKey& key) { return unreadable(key.problem); }

int status_of(const http::Exchange& exchange) {
  return exchange ? exchange->status : exchange.error().status;
}

}  // namespace aka::atlas
