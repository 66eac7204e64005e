// Signed webhooks. Entry points: read_webhooks(), through the table of sinks, and make_sinks().
#include "alert/sinks/webhook.h"

#include <chrono>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "alert/alert_json.h"
#include "alert/crypto.h"
#include "alert/named_receivers.h"
#include "alert/poster.h"
#include "alert/sink_factory.h"
#include "alert/sink_table.h"

namespace aka::alert {
namespace {

/// About 70 kB, which small receivers still take.
constexpr std::size_t kAlertsInRequest = 100;

class Webhook final : public Sink {
 public:
  Webhook(const WebhookSettings& settings, const SinkContext& context)
      : traits_{"webhook:" + settings.name, kAlertsInRequest, std::nullopt, context.heartbeat},
        url_(settings.url),
        secret_(settings.secret),
        clock_(context.clock),
        links_(context.links),
        poster_(settings.connection, context) {}

  const SinkTraits& traits() const override { return traits_; }
  Outcome deliver(std::span<const Notification> notifications,
                  std::chrono::steady_clock::time_point deadline,
                  const base::StopSignal& stop) override;

 private:
  const SinkTraits traits_;
  const base::Url url_;
  const base::SecretSource secret_;
  const base::Clock& clock_;
  const AlertLinks links_;
  Poster poster_;
};

/// The same for the same notifications, also after a restart, and for no others, also when the
/// store was lost and its ids begin anew.
std::string id_of(std::span<const Notification> notifications) {
  auto content = nlohmann::ordered_json::array();
  for (const Notification& notification : notifications) {
    content.push_back({notification.id, notification.alert->labels,
                       notification.alert->starts_at.time_since_epoch().count(),
                       notification.is_resolved()});
  }
  constexpr std::size_t kDigits = 32;
  return sha256_hex(dump(content)).substr(0, kDigits);
}

std::string body_of(std::span<const Notification> notifications, const AlertLinks& links) {
  nlohmann::ordered_json body{
      {"version", 1},
      {"id", id_of(notifications)},
      {"status", notifications.front().is_resolved() ? "resolved" : "firing"},
      {"alerts", nlohmann::ordered_json::array()}};
  for (const Notification& notification : notifications) {
    const incident::Alert& alert = *notification.alert;
    body["alerts"].push_back(alert_json(alert, alert.ends_at, links));
  }
  return dump(body);
}

Outcome Webhook::deliver(std::span<const Notification> notifications,
                         std::chrono::steady_clock::time_point deadline,
                         const base::StopSignal& stop) {
  auto secret = secret_.read();
  if (!secret) {
    return tl::unexpected(
        Refusal{RefusalKind::unreachable, std::move(secret.error().message), std::nullopt});
  }
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(clock_.wall().time_since_epoch());
  const std::string timestamp = std::to_string(seconds.count());
  Post post{.url = url_, .body = body_of(notifications, links_)};
  post.headers = {
      {"X-Timestamp", timestamp},
      {"X-Signature-256", "sha256=" + hmac_sha256_hex(*secret, timestamp + "." + post.body)}};
  post.hidden.push_back(std::move(*secret));
  return poster_.post(std::move(post), deadline, stop);
}

}  // namespace

void read_webhooks(const base::Section& section, base::Diagnostics& diagnostics,
                   std::vector<SinkSettings>& sinks) {
  read_named_receivers(section, "webhook", diagnostics,
                       [&](base::Fields& fields, const std::string& name) {
                         WebhookSettings settings;
                         settings.name = name;
                         auto url = fields.url("url");
                         if (!url && !fields.has_key("url")) fields.missing("url");
                         auto secret = base::secret_field(fields, "secret", base::Need::required);
                         settings.connection = read_connection(fields);
                         if (!url || !secret) return;
                         settings.url = std::move(*url);
                         settings.secret = std::move(*secret);
                         sinks.emplace_back(std::move(settings));
                       });
}

std::vector<std::unique_ptr<Sink>> make_sinks(const WebhookSettings& settings,
                                              const SinkContext& context) {
  std::vector<std::unique_ptr<Sink>> sinks;
  sinks.push_back(std::make_unique<Webhook>(settings, context));
  return sinks;
}

}  // namespace aka::alert
