// Prometheus's Alertmanager, API v2. Entry points: read_alertmanager(), through the table of sinks,
// and make_sinks(). It keeps alerts in memory, ends each at its endsAt, and expects its clients to
// say again what still fires: https://prometheus.io/docs/alerting/latest/clients/
#include "alert/sinks/alertmanager.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "alert/alert_json.h"
#include "alert/poster.h"
#include "alert/sink_factory.h"
#include "alert/sink_table.h"

namespace aka::alert {
namespace {

using base::Section;

/// About 700 kB.
constexpr std::size_t kAlertsInRequest = 1000;

class Alertmanager final : public Sink {
 public:
  Alertmanager(base::Url url, const AlertmanagerSettings& settings, const SinkContext& context)
      : traits_{fmt::format("alertmanager:{}{}", url.origin.authority(), url.target),
                kAlertsInRequest, settings.resend, context.heartbeat},
        url_(std::move(url)),
        clock_(context.clock),
        links_(context.links),
        poster_(settings.connection, context) {
    url_.target += "/api/v2/alerts";
  }

  const SinkTraits& traits() const override { return traits_; }
  Outcome deliver(std::span<const Notification> notifications,
                  std::chrono::steady_clock::time_point deadline,
                  const base::StopSignal& stop) override;

 private:
  base::WallTime end_of(const incident::Alert& alert) const;

  const SinkTraits traits_;
  base::Url url_;
  const base::Clock& clock_;
  const AlertLinks links_;
  Poster poster_;
};

/// While it fires: long enough to outlive a restart of this daemon, of any length up to that.
base::WallTime Alertmanager::end_of(const incident::Alert& alert) const {
  if (alert.ends_at) return *alert.ends_at;
  const bool is_heartbeat = alert.name == incident::AlertName::auditor_alive;
  const base::Duration period = is_heartbeat ? traits_.heartbeat : *traits_.resend;
  // Not before it starts, though the clock went back: that would be refused with its whole batch.
  return std::max(clock_.wall(), alert.starts_at) +
         std::max<base::Duration>(4 * period, std::chrono::minutes(30));
}

Outcome Alertmanager::deliver(std::span<const Notification> notifications,
                              std::chrono::steady_clock::time_point deadline,
                              const base::StopSignal& stop) {
  auto alerts = nlohmann::ordered_json::array();
  for (const Notification& notification : notifications) {
    const incident::Alert& alert = *notification.alert;
    alerts.push_back(alert_json(alert, end_of(alert), links_));
  }
  return poster_.post({.url = url_, .body = dump(alerts)}, deadline, stop);
}

std::vector<base::Url> read_urls(base::Fields& fields) {
  std::vector<base::Url> urls;
  const Section* list = fields.sequence("urls");
  if (list == nullptr ? !fields.has_key("urls") : list->items.empty()) {
    fields.missing("urls", "the addresses, like [http://127.0.0.1:9093]");
  }
  if (list == nullptr) return urls;
  for (const Section& item : list->items) {
    auto url = base::read_url(item, "each of the 'urls' of 'alertmanager'", fields.diagnostics());
    if (!url) continue;
    while (url->target.ends_with('/')) url->target.pop_back();
    if (std::ranges::any_of(urls, [&](const base::Url& other) {
          return other.origin == url->origin && other.target == url->target;
        })) {
      fields.diagnostics().error(item.mark, "this address stands twice in 'urls'; keep one");
    }
    urls.push_back(std::move(*url));
  }
  return urls;
}

}  // namespace

void read_alertmanager(const Section& section, base::Diagnostics& diagnostics,
                       std::vector<SinkSettings>& sinks) {
  base::Fields fields(section, "'alertmanager'", diagnostics);
  AlertmanagerSettings settings;
  settings.urls = read_urls(fields);
  settings.resend = fields.duration("resend", std::chrono::seconds(1), std::chrono::hours(24))
                        .value_or(settings.resend);
  settings.connection = read_connection(fields);
  fields.finish();
  sinks.emplace_back(std::move(settings));
}

std::vector<std::unique_ptr<Sink>> make_sinks(const AlertmanagerSettings& settings,
                                              const SinkContext& context) {
  std::vector<std::unique_ptr<Sink>> sinks;
  for (const base::Url& url : settings.urls) {
    sinks.push_back(std::make_unique<Alertmanager>(url, settings, context));
  }
  return sinks;
}

}  // namespace aka::alert
