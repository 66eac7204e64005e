#pragma once

#include <string>

namespace aka::http {

/// Why OpenSSL's latest call on this thread failed, for people.
std::string openssl_reason();

}  // namespace aka::http
