#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/duration.h"
#include "base/listen_address.h"
#include "base/result.h"
#include "base/secret_source.h"
#include "base/section.h"
#include "base/url.h"
#include "model/roster.h"

namespace aka::settings {

/// Which of the service's interfaces is spoken: v1.0 and v2 are Atlas, public-v1.0 is Cloud Manager
/// and Ops Manager.
enum class Api { v1_0, v2, public_v1_0 };

/// At most `burst` requests at once and `per_minute` in the long run, for each organization.
struct RateLimit {
  int burst = 100;
  int per_minute = 100;
  friend bool operator==(const RateLimit&, const RateLimit&) = default;
};

struct AtlasSettings {
  base::Url base_url{{base::Scheme::https, "cloud.mongodb.com", 443}, {}};  ///< no trailing slash
  Api api = Api::v1_0;
  base::Duration timeout = std::chrono::seconds(10);  ///< one request, name lookup to last byte
  std::string ca_file;  ///< PEM, trusted besides the system's anchors; empty: none
  base::Mark ca_file_mark;
  std::optional<base::Origin> proxy;
  int connections = 4;  ///< keep-alive connections per organization
  RateLimit rate_limit;
};

struct ScheduleSettings {
  base::Duration interval = std::chrono::minutes(5);  ///< of organizations without one of their own
  double jitter = 0.1;                                ///< a share of the interval, 0 to 1
  int stale_after = 3;                                ///< in intervals
  int confirm = 2;                                    ///< polls in a row
  base::Duration recheck = std::chrono::hours(24);
};

/// A configured credential. Its section is read by the table of authentication methods.
struct CredentialSettings {
  std::string name;
  base::Mark mark;
  base::Section section;
};

struct WebSettings {
  base::ListenAddress listen{"127.0.0.1", 9974};
  std::string config_file;  ///< empty: plain HTTP without authentication
  bool lifecycle = false;   ///< whether POST /-/reload is answered
};

struct StoreSettings {
  std::string path = "/var/lib/atlas-key-auditor/journal.db";
  std::string url;  ///< of a PostgreSQL database, without a password; empty: `path` counts
  base::Mark url_mark;
  std::optional<base::SecretSource> password;  ///< of the url's user; nothing: none is needed
  base::Duration retention = std::chrono::hours(24 * 400);
};

enum class LogLevel { debug, info, warn, error };
enum class LogFormat { text, json };

struct LogSettings {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::text;
};

/// Everything a configuration says, checked; paths are ready to open. Immutable once loaded.
struct Settings {
  AtlasSettings atlas;
  std::vector<CredentialSettings> credentials;
  ScheduleSettings schedule;
  model::Roster roster;
  /// Parallel to the roster's organizations: where each one's interval stands, or else it begins.
  std::vector<base::Mark> organization_marks;
  std::vector<std::string> policy_names;  ///< of the named ones, used or not
  std::optional<base::Section> alerting;  ///< read by alert/; nothing: no own delivery
  WebSettings web;
  StoreSettings store;
  LogSettings log;
};

}  // namespace aka::settings
