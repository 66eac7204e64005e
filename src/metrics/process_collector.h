#pragma once

#include <vector>

namespace prometheus {
struct MetricFamily;
}

namespace aka::metrics {

/// Appends the `process_*` families of this process, read from /proc now. What cannot be read is
/// left out.
void append_process(std::vector<prometheus::MetricFamily>& families);

}  // namespace aka::metrics
