// The service's error bodies with their quirks. Entry points: error_answer(), unauthenticated().
#include "simulator/api_error.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "simulator/json_tree.h"

namespace aka::simulator {
namespace {

struct KnownError {
  std::string_view code;
  int status;
  std::string_view sentence;  ///< "{}" stands for the subject, if the sentence has one
};

constexpr auto kKnown = std::to_array<KnownError>({
    {"ACCESS_FORBIDDEN", 403, "Access to the requested resource is forbidden."},
    {"ACCOUNT_SUSPENDED", 402, "The account is suspended; pay the outstanding invoices."},
    {"API_KEY_ACCESS_LIST_ACCESS_DENIED", 401,
     "The access list of API key {} can only be read by the key itself or by a user admin."},
    {"API_KEY_NOT_FOUND", 400, "No API key with ID {} exists."},
    {"EXPECTED_NON_ATLAS_ORG", 404, "The organization with id {} is an Atlas organization."},
    {"INVALID_ORG_ID", 404, "An invalid organization ID {} was specified."},
    {"INVALID_QUERY_PARAMETER", 400, "Invalid query parameter {} specified."},
    {"INVALID_VERSION_DATE", 406, "The version date in the Accept header is missing or unknown."},
    {"IP_ADDRESS_NOT_ON_ACCESS_LIST", 403, "IP address {} is not allowed to access this resource."},
    {"METHOD_NOT_ALLOWED", 405, "Method {} is not allowed on this resource."},
    {"NOT_ATLAS_ORG", 404,
     "Organization {} is not an Atlas organization; use the Cloud Manager Public API at "
     "/api/public/v1.0 to access it."},
    {"NOT_ORG_OWNER", 401, "The caller does not have the ORG_OWNER role."},
    {"ORG_NOT_FOUND", 404, "No organization with ID {} exists."},
    {"ORG_REQUIRES_ACCESS_LIST", 403,
     "This organization requires access through an access list of IP addresses."},
    {"PATH_PARAM_PARSE_ERROR", 400, "The path parameter {} could not be read."},
    {"RESOURCE_NOT_FOUND", 404, "Cannot find resource {}."},
    {"SERVICE_UNAVAILABLE", 503, "The service is unavailable; try again later."},
    {"UNEXPECTED_ERROR", 500, "Unexpected error."},
    {"USER_CANNOT_ACCESS_GROUP", 401, "The current user cannot access this group."},
    {"USER_CANNOT_ACCESS_ORG", 401, "The current user cannot access organization {}."},
    {"USER_UNAUTHORIZED", 401, "Current user is not authorized to perform this action."},
    {"VERSION_GONE", 410, "The requested version of {} was removed."},
});

}  // namespace

std::string_view reason_of(int status) {
  constexpr std::array<std::pair<int, std::string_view>, 16> kReasons{{
      {200, "OK"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {402, "Payment Required"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {409, "Conflict"},
      {410, "Gone"},
      {415, "Unsupported Media Type"},
      {429, "Too Many Requests"},
      {500, "Internal Server Error"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
  }};
  const auto found = std::ranges::find(kReasons, status, &std::pair<int, std::string_view>::first);
  return found == kReasons.end() ? "Unknown" : found->second;
}

web::Response error_answer(const ApiError& error) {
  web::Response answer;
  answer.status = error.status;
  answer.content_type = "application/json";
  answer.headers.emplace_back("X-Error-Code", error.code);
  answer.body =
      fmt::format(R"({{"detail":{},"error":{},"errorCode":{},"parameters":[{}],"reason":{}}})",
                  json_text(error.detail), error.status, json_text(error.code),
                  fmt::join(error.parameters, ","), json_text(reason_of(error.status)));
  return answer;
}

web::Response unauthenticated(std::string challenge) {
  web::Response answer;
  answer.status = 401;
  answer.content_type = "application/json";
  answer.headers.emplace_back("WWW-Authenticate", std::move(challenge));
  answer.body = R"({
  "error" : 401,
  "reason" : "Unauthorized",
  "detail" : "You are not authorized for this resource.",
  "errorCode" : "UNEXPECTED_ERROR"
})";
  return answer;
}

ApiError known_error(std::string_view code, std::string_view subject) {
  const auto found = std::ranges::find(kKnown, code, &KnownError::code);
  if (found == kKnown.end()) return {0, code, "The simulator was told to answer this error.", {}};
  ApiError error{found->status, code, std::string(found->sentence), {}};
  const std::size_t place = error.detail.find("{}");
  if (place != std::string::npos) {
    error.detail.replace(place, 2, subject);
    error.parameters.push_back(json_text(subject));
  }
  return error;
}

}  // namespace aka::simulator
