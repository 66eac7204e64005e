#pragma once

#include <vector>

#include "incident/book.h"
#include "model/snapshot.h"
#include "page/filter.h"
#include "page/health.h"
#include "report/sink.h"

namespace aka::page {

/// All that the status page shows.
struct StatusView {
  model::Snapshot snapshot;
  Health health;
  std::vector<incident::SharedAlert> firing;
  Filter filter;
};

/// The page at `/`: what is wrong first. Equal views give equal bytes. False if the sink ended it.
bool write_status_page(const StatusView& view, const report::Sink& sink);

}  // namespace aka::page
