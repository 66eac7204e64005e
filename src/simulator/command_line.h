#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"
#include "simulator/program.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library chose it
class App;
}

namespace aka::simulator {

/// The words of the command line, as typed.
class CommandLine {
 public:
  /// Adds the options to `parser`, which must not outlive this object.
  void describe(CLI::App& parser);
  /// What was typed, once it was parsed; or which word is wrong, and why.
  base::Result<ProgramOptions> options() const;

 private:
  std::string listen_ = "127.0.0.1:9975";
  std::string fixture_;
  std::size_t keys_ = 0;
  std::size_t organizations_ = 1;
  std::string write_fixture_;
  std::string write_config_;
  std::string config_api_ = "v1.0";
  std::string config_credential_ = "digest";
  std::string config_interval_;
  std::string tls_certificate_;
  std::string tls_key_;
  std::string algorithm_ = "MD5";
  std::string qop_ = "auth";
  std::string nonce_life_ = "60s";
  std::string token_life_ = "1h";
  std::string rate_limit_ = "500,250";
  std::string log_level_ = "info";
};

}  // namespace aka::simulator
