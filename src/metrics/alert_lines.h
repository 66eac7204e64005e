#pragma once

#include <string>
#include <vector>

#include "incident/book.h"

namespace aka::metrics {

/// `atlas_alert_firing` as Prometheus text: 1 for each alert that fires, 0 for each that resolved
/// and is still shown. Its labels are the alert's, but for `alertname`, which is called `alert`:
/// the other name belongs to the rule that reads the series. Labels that would cost the page
/// (`alert`, `__name__`) and empty ones are left out. No labels come twice: what fires wins.
std::string alert_lines(const std::vector<incident::SharedAlert>& firing,
                        const std::vector<incident::SharedAlert>& resolved);

}  // namespace aka::metrics
