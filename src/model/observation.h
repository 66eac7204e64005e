#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "model/ids.h"
#include "model/role.h"

namespace aka::model {

/// What the last poll of a key came to. A closed list: it is a metric's label.
enum class State : std::uint8_t {
  pending,  ///< not polled yet
  compliant,
  drift,
  not_found,
  forbidden,
  unauthorized,
  rate_limited,
  error,
};

inline constexpr std::array<State, 8> kStates{
    State::pending,   State::compliant,    State::drift,        State::not_found,
    State::forbidden, State::unauthorized, State::rate_limited, State::error};

/// Why; `none` for pending, compliant and drift. A closed list.
enum class Reason : std::uint8_t {
  none,
  key_missing,
  org_missing,
  unknown,
  bad_credentials,
  wrong_org,
  role_too_low,
  ip_not_on_access_list,
  denied,
  throttled,
  http_5xx,
  bad_request,
  invalid_body,
  id_mismatch,
  too_large,
  timeout,
  connect,
  dns,
  tls,
  proxy,
};

std::string_view to_string(State state);
std::string_view to_string(Reason reason);  ///< empty for none

/// A key as the service describes it. The private key is never kept, only whether it was shown.
struct KeyRecord {
  KeyId id;
  std::string description;
  std::string public_key;
  std::vector<Role> roles;  ///< a set: sorted, without repeats
  bool private_key_exposed = false;

  friend bool operator==(const KeyRecord&, const KeyRecord&) = default;
};

/// The service says with authority that there is no such key.
struct KeyMissing {
  friend bool operator==(const KeyMissing&, const KeyMissing&) = default;
};

/// A poll that proves nothing about the key.
struct Failure {
  State state = State::error;  ///< not_found, forbidden, unauthorized, rate_limited or error
  Reason reason = Reason::unknown;
  std::string message;  ///< for people: what failed and how to mend it; never a secret

  friend bool operator==(const Failure&, const Failure&) = default;
};

/// What was learned of a key; the first two are conclusive.
using Answer = std::variant<KeyRecord, KeyMissing, Failure>;

/// One key, one answer, one instant. One request may yield one of these or five hundred.
struct Observation {
  KeyId key;
  Answer answer;
  int http_status = 0;  ///< 0: there was no answer
  base::WallTime wall{};
  base::SteadyTime steady{};
};

inline bool is_conclusive(const Observation& observation) {
  return !std::holds_alternative<Failure>(observation.answer);
}

}  // namespace aka::model
