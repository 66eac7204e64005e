// Slack's incoming webhooks. Entry point: read_slack(), through the table of sinks.
#include "alert/sinks/slack.h"

#include <utility>

#include "alert/named_receivers.h"
#include "alert/sink_table.h"

namespace aka::alert {

void read_slack(const base::Section& section, base::Diagnostics& diagnostics,
                std::vector<SinkSettings>& sinks) {
  read_named_receivers(section, "slack", diagnostics,
                       [&](base::Fields& fields, const std::string& name) {
                         SlackSettings settings;
                         settings.name = name;
                         auto url = base::secret_field(fields, "url", base::Need::required);
                         settings.connection = read_connection(fields);
                         if (!url) return;
                         settings.url = std::move(*url);
                         sinks.emplace_back(std::move(settings));
                       });
}

}  // namespace aka::alert
