// Signed webhooks. Entry point: read_webhooks(), through the table of sinks.
#include "alert/sinks/webhook.h"

#include <utility>

#include "alert/named_receivers.h"
#include "alert/sink_table.h"

namespace aka::alert {

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

}  // namespace aka::alert
