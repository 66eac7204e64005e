#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/duration.h"
#include "base/result.h"
#include "base/secret.h"
#include "simulator/records.h"

namespace aka::simulator {

enum class ConfigCredential { digest, service_account };

struct AuditorConfigOptions {
  std::string base_url;
  std::string api = "v1.0";
  std::string ca_file;  ///< may be empty
  ConfigCredential credential = ConfigCredential::digest;
  /// Nothing: 10 s, or the shortest that the rate limit can serve if that is longer.
  std::optional<base::Duration> interval;
  RateLimit rate_limit;           ///< of organizations that have none of their own
  std::string secrets_directory;  ///< as the configuration names it
  std::string store_file;         ///< likewise
};

struct AuditorConfig {
  struct SecretFile {
    std::string name;  ///< within the secrets directory
    base::Secret secret;
  };

  std::string yaml;
  std::vector<SecretFile> secrets;
};

/// The configuration under which the auditor watches every key that cannot log in itself, each by a
/// policy that says what the key is now. Fails where an organization has no credential to use.
base::Result<AuditorConfig> describe_for_auditor(const std::vector<Organization>& organizations,
                                                 const AuditorConfigOptions& options);

}  // namespace aka::simulator
