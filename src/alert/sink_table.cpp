// The kinds of receivers. A new one is a file under sinks/ and a declaration and a row here.
#include "alert/sink_table.h"

#include <array>

namespace aka::alert {

using Sinks = std::vector<SinkSettings>;

void read_alertmanager(const base::Section& section, base::Diagnostics& diagnostics, Sinks& sinks);
void read_webhooks(const base::Section& section, base::Diagnostics& diagnostics, Sinks& sinks);
void read_slack(const base::Section& section, base::Diagnostics& diagnostics, Sinks& sinks);

std::span<const SinkKind> sink_kinds() {
  static constexpr std::array<SinkKind, 3> kKinds{
      {{"alertmanager", read_alertmanager}, {"webhooks", read_webhooks}, {"slack", read_slack}}};
  return kKinds;
}

}  // namespace aka::alert
