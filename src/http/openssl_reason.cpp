// Words for OpenSSL's error queue. Its own text for a failure of the operating system is empty.
#include "http/openssl_reason.h"

#include <system_error>

#include <fmt/format.h>
#include <openssl/err.h>

namespace aka::http {

std::string openssl_reason() {
  const auto code = ERR_peek_error();
  if (ERR_SYSTEM_ERROR(code)) return std::generic_category().message(ERR_GET_REASON(code));
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : fmt::format("OpenSSL error {:#x}", code);
}

}  // namespace aka::http
