#pragma once

#include <optional>
#include <string>

#include "base/secret_source.h"
#include "base/section.h"

namespace aka::alert {

struct BasicAuth {
  std::string username;
  base::SecretSource password;
  friend bool operator==(const BasicAuth&, const BasicAuth&) = default;
};

/// How a receiver of alerts is reached and who we are there. Paths are ready to open; empty: none.
struct ConnectionSettings {
  std::string ca_file;    ///< trusted besides the system's anchors (PEM)
  std::string cert_file;  ///< our certificate (PEM), with key_file
  std::string key_file;
  std::optional<BasicAuth> basic_auth;  ///< this or the next, or neither
  std::optional<base::SecretSource> bearer_token;
  base::Mark tls_mark;  ///< where the first of the three files is named; else the receiver

  friend bool operator==(const ConnectionSettings& left, const ConnectionSettings& right) {
    return left.ca_file == right.ca_file && left.cert_file == right.cert_file &&
           left.key_file == right.key_file && left.basic_auth == right.basic_auth &&
           left.bearer_token == right.bearer_token;
  }
};

/// Reads these settings from among the others of a receiver. Problems are reported.
ConnectionSettings read_connection(base::Fields& receiver);

}  // namespace aka::alert
