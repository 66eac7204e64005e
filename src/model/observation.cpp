// The names of states and reasons.
#include "model/observation.h"

namespace aka::model {

std::string_view to_string(State state) {
  switch (state) {
    case State::pending:
      return "pending";
    case State::compliant:
      return "compliant";
    case State::drift:
      return "drift";
    case State::not_found:
      return "not_found";
    case State::forbidden:
      return "forbidden";
    case State::unauthorized:
      return "unauthorized";
    case State::rate_limited:
      return "rate_limited";
    case State::error:
      return "error";
  }
  return "";
}

std::string_view to_string(Reason reason) {
  switch (reason) {
    case Reason::none:
      return "";
    case Reason::key_missing:
      return "key_missing";
    case Reason::org_missing:
      return "org_missing";
    case Reason::unknown:
      return "unknown";
    case Reason::bad_credentials:
      return "bad_credentials";
    case Reason::wrong_org:
      return "wrong_org";
    case Reason::role_too_low:
      return "role_too_low";
    case Reason::ip_not_on_access_list:
      return "ip_not_on_access_list";
    case Reason::denied:
      return "denied";
    case Reason::throttled:
      return "throttled";
    case Reason::http_5xx:
      return "http_5xx";
    case Reason::bad_request:
      return "bad_request";
    case Reason::invalid_body:
      return "invalid_body";
    case Reason::id_mismatch:
      return "id_mismatch";
    case Reason::too_large:
      return "too_large";
    case Reason::timeout:
      return "timeout";
    case Reason::connect:
      return "connect";
    case Reason::dns:
      return "dns";
    case Reason::tls:
      return "tls";
    case Reason::proxy:
      return "proxy";
  }
  return "";
}

}  // namespace aka::model
