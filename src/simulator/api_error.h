#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "web/http.h"

namespace aka::simulator {

/// What the service says went wrong. `parameters` holds JSON values, text quoted: the real ones mix
/// text and numbers.
struct ApiError {
  int status = 500;
  std::string_view code;
  std::string detail;
  std::vector<std::string> parameters;
};

/// The compact body and the X-Error-Code header of an application's error.
web::Response error_answer(const ApiError& error);

/// The 401 that comes before any routing: printed with spaces, without `parameters` and without
/// X-Error-Code, and with the challenge.
web::Response unauthenticated(std::string challenge);

/// "Not Found" and its like, as `reason` has it.
std::string_view reason_of(int status);

/// What error_answer() needs for a code that the simulator knows: its usual status and sentence.
/// An unknown code gets status 0 and a general sentence.
ApiError known_error(std::string_view code, std::string_view subject);

}  // namespace aka::simulator
