#pragma once

#include <memory>
#include <string>
#include <vector>

#include "alert/sink_factory.h"
#include "base/clock.h"
#include "support/recording_receiver.h"
#include "support/scratch_directory.h"

namespace aka::alert::test {

inline constexpr const char* kWebhookSecret = "hook-secret-5e2c";
inline constexpr const char* kSlackPath = "/services/T0000AAAA/B0000BBBB/slackpath9x8y7z";
inline constexpr const char* kPassword = "password-1a2b3c";
inline constexpr const char* kToken = "token-4d5e6f";

/// A kind of receiver, for what all of them must do alike.
enum class Kind { alertmanager, webhook, slack };
inline constexpr Kind kKinds[] = {Kind::alertmanager, Kind::webhook, Kind::slack};

/// The files and values that sinks are made from.
class Workshop {
 public:
  explicit Workshop(const base::Clock& clock) : clock_(clock) {}

  base::SecretSource secret(const std::string& name, const std::string& text) const {
    return {base::SecretSource::Kind::file, files.write(name, text).string(), {}};
  }

  /// The settings of one receiver of that kind at that port of 127.0.0.1.
  AlertingSettings settings(Kind kind, base::Scheme scheme, std::uint16_t port,
                            ConnectionSettings connection = {}) const {
    AlertingSettings settings;
    const base::Origin origin{scheme, "127.0.0.1", port};
    switch (kind) {
      case Kind::alertmanager:
        settings.sinks.emplace_back(
            AlertmanagerSettings{{{origin, ""}}, std::chrono::minutes(1), std::move(connection)});
        break;
      case Kind::webhook:
        settings.sinks.emplace_back(WebhookSettings{
            "soc", {origin, "/hook?x=1"}, secret("hook", kWebhookSecret), std::move(connection)});
        break;
      case Kind::slack:
        settings.sinks.emplace_back(
            SlackSettings{"sec",
                          secret("slack" + std::to_string(port),
                                 (scheme == base::Scheme::https ? "https://" : "http://") +
                                     origin.authority() + kSlackPath + "\n"),
                          std::move(connection)});
        break;
    }
    return settings;
  }

  std::vector<std::unique_ptr<Sink>> sinks(const AlertingSettings& settings) {
    return make_sinks(settings, {clock_, resolver_, "test/1", {"", "https://docs.example/"}});
  }
  std::unique_ptr<Sink> sink(Kind kind, base::Scheme scheme, std::uint16_t port,
                             ConnectionSettings connection = {}) {
    return std::move(sinks(settings(kind, scheme, port, std::move(connection))).front());
  }

  testing::ScratchDirectory files;

 private:
  const base::Clock& clock_;
  http::Resolver resolver_;
};

}  // namespace aka::alert::test
