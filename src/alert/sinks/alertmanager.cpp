// Prometheus's Alertmanager. Entry point: read_alertmanager(), through the table of sinks.
#include "alert/sinks/alertmanager.h"

#include <algorithm>
#include <utility>

#include "alert/sink_table.h"

namespace aka::alert {
namespace {

using base::Section;

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

}  // namespace aka::alert
