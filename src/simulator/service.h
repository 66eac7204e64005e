#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/stop.h"
#include "simulator/control.h"
#include "simulator/digest_guard.h"
#include "simulator/faults.h"
#include "simulator/fixture.h"
#include "simulator/oauth.h"
#include "simulator/stats.h"
#include "simulator/world.h"
#include "web/http.h"

namespace aka::simulator {

struct ServiceOptions {
  DigestSettings digest;
  OAuthSettings oauth;
  RateLimit rate_limit;         ///< of organizations that state none
  std::string scheme = "http";  ///< put into links
};

/// The whole simulated service: a handler for web::Listener. Safe from any thread.
class Service {
 public:
  Service(Fixture fixture, const ServiceOptions& options, const base::Clock& clock);

  web::Response answer(const web::Request& request);

  /// For web::ListenerOptions::mute.
  bool holds_next_connection();
  /// Called with what the faults say of idle connections, now and after each change, one call at a
  /// time.
  void watch_idle_close(std::function<void(std::optional<base::Duration>)> watcher);

  /// Ends the waits of faults; for before the listener stops.
  void stop() { stop_.request(); }

 private:
  web::Response routed(const web::Request& request, const Target& target, std::uint64_t seed);
  web::Response granted(const web::Request& request, const Target& target, std::uint64_t seed);
  web::Response served(const Caller& caller, const web::Request& request, const Target& target,
                       std::uint64_t seed);
  web::Response token_page(const web::Request& request, const Target& target);
  template <typename Make>
  web::Response faulted(Stage stage, const Target& target, const web::Request& request,
                        std::uint64_t seed, Make make);
  /// Who asks, or the 401 for them.
  std::variant<Caller, web::Response> identify(const web::Request& request);
  std::variant<Caller, web::Response> identify_by_digest(const DigestAnswer& answer,
                                                         const web::Request& request);
  web::Response challenge(DigestGuard::Outcome after);
  void count(const Target& target, const web::Response& answer);
  void tell_idle_close();

  const base::Clock& clock_;
  const std::string scheme_;
  World world_;
  Stats stats_;
  FaultBoard faults_;
  DigestGuard guard_;
  TokenOffice tokens_;
  base::StopSignal stop_;
  std::atomic<std::uint64_t> serial_{0};
  std::mutex watcher_mutex_;  ///< guards idle_watcher_, and its calls against one another
  std::function<void(std::optional<base::Duration>)> idle_watcher_;
  Control control_;
};

}  // namespace aka::simulator
