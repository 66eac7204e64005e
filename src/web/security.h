#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file_stamp.h"
#include "base/result.h"
#include "web/basic_auth.h"
#include "web/http.h"
#include "web/security_settings.h"

struct ssl_ctx_st;

namespace aka::web {

/// A web configuration with all that it names, as read. Immutable.
struct Protection {
  std::string path;  ///< of the configuration; empty: there is none
  SecuritySettings settings;
  std::shared_ptr<ssl_ctx_st> tls;  ///< null: plain HTTP
};

/// Keeps a listener's protection up to date: whenever one of its files has changed, it is read
/// anew, before the next connection or request is served; one that is wrong leaves the last good
/// one in force. Safe from any thread.
class Security {
 public:
  struct Sources {
    std::function<base::Result<Protection>(const std::string& path)> load;
    std::function<void()> reloaded;                    ///< for the log
    std::function<void(const std::string&)> rejected;  ///< why; once for each reason
  };

  Security(Protection first, Sources sources, const base::Clock& clock);

  /// As long as this lives: plain and TLS cannot change places on an open port.
  bool encrypts() const { return encrypts_; }

  /// For ListenerOptions::tls.
  std::shared_ptr<ssl_ctx_st> context();

  /// A handler that asks for a password where one is needed, and adds the configured headers in
  /// place of the answer's own. Whether the daemon is healthy and ready is told to everybody: the
  /// probes of container platforms know no password.
  Handler guard(Handler inner);

  /// What a reload of the whole configuration has read; not of another file, or of another kind.
  bool adopt(Protection next);

 private:
  static std::vector<base::FileStamp> stamps(const Protection& protection);
  std::shared_ptr<const Protection> current();
  void reload();
  bool within_rate(const RateLimit& limit);
  std::optional<Response> refusal(const Request& request, const Protection& protection);

  const Sources sources_;
  const base::Clock& clock_;
  const bool encrypts_;
  BasicAuth logins_;

  std::mutex mutex_;  // guards all below
  std::shared_ptr<const Protection> protection_;
  std::vector<base::FileStamp> stamps_;
  std::string rejection_;     // why the files are not in force; empty: they are
  base::SteadyTime tried_{};  // when a rejected one was read last
  double rate_level_ = -1;    // requests that may come at once; negative: none came yet
  base::SteadyTime rate_filled_{};
};

}  // namespace aka::web
