#pragma once

#include <optional>
#include <string>

#include "base/listen_address.h"
#include "base/result.h"
#include "simulator/auditor_config.h"
#include "simulator/generator.h"
#include "simulator/service.h"

namespace aka::simulator {

/// What the command line says.
struct ProgramOptions {
  base::ListenAddress listen{"127.0.0.1", 9975};
  std::string fixture_file;
  std::optional<GeneratorOptions> generator;  ///< one of this and fixture_file is set
  std::string tls_certificate;                ///< PEM; with tls_key, or both empty
  std::string tls_key;
  std::string write_fixture;
  std::string write_config;
  AuditorConfigOptions config;  ///< what write_config is to say; addresses are filled in
  ServiceOptions service;
  std::string log_level = "info";  ///< debug, info, warning or error
};

/// Serves until SIGTERM or SIGINT, which must be blocked in all threads.
base::Result<void> run_program(ProgramOptions options);

}  // namespace aka::simulator
