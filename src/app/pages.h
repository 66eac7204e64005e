#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "model/snapshot.h"
#include "report/json.h"
#include "web/http.h"

namespace aka::app {

/// What the pages show, asked for at each request, from several threads at once.
struct PageSources {
  std::function<bool()> ready;  ///< while false, nothing but the health pages is served
  std::function<bool()> healthy;
  std::function<model::Snapshot()> snapshot;
  std::function<std::string()> daemon_metrics;
  std::function<report::DaemonFacts()> facts;
  std::function<bool()> may_reload;
  std::function<base::Result<void>()> reload;
};

/// All pages of the daemon. No page takes a target, and only the reload changes anything.
web::Handler pages(PageSources sources);

}  // namespace aka::app
