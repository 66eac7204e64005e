#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "incident/book.h"
#include "metrics/alert_lines.h"
#include "model/snapshot.h"
#include "page/health.h"
#include "page/history.h"
#include "report/json.h"
#include "web/http.h"

namespace aka::app {

/// What the pages show, asked for at each request, from several threads at once.
struct PageSources {
  std::function<bool()> ready;    ///< while false, nothing but the health pages is served
  std::function<bool()> standby;  ///< while true, no page tells of keys
  std::function<bool()> healthy;
  std::function<model::Snapshot()> snapshot;
  std::function<std::string()> daemon_metrics;
  std::function<std::shared_ptr<const metrics::AlertLines>()> alerts;
  std::function<report::DaemonFacts()> facts;
  std::function<page::Health()> health;
  std::function<std::vector<incident::SharedAlert>()> firing;
  /// The newest records of a key; by the ids in the address.
  std::function<page::History(model::OrganizationId, model::KeyId)> history;
  std::function<bool()> may_reload;
  std::function<base::Result<void>()> reload;
};

/// All pages of the daemon. No page takes a target, and only the reload changes anything.
web::Handler pages(PageSources sources);

}  // namespace aka::app
