#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "incident/book.h"
#include "metrics/exposition.h"

namespace aka::metrics {

/// `atlas_alert_firing` as Prometheus text: 1 for each alert that fires, 0 for each that resolved
/// and is still shown. Its labels are the alert's, but for `alertname`, which is called `alert`:
/// the other name belongs to the rule that reads the series. Labels that would cost the page
/// (`alert`, `__name__`) and empty ones are left out. No labels come twice: what fires wins.
/// The same alerts make the same text, in whatever order they are given. Immutable.
class AlertLines {
 public:
  AlertLines(std::vector<incident::SharedAlert> firing,
             std::vector<incident::SharedAlert> resolved);

  /// Exactly the bytes that write() hands over.
  std::size_t length() const { return length_; }
  /// False if the sink ended it.
  bool write(const BlockSink& sink) const;

 private:
  struct Line {
    incident::SharedAlert alert;
    std::uint64_t digest;  ///< of the labels as shown; orders lines of one name
    std::uint32_t labels_length;
    bool fires;
  };

  void add(std::vector<incident::SharedAlert> alerts, bool fires);

  std::vector<Line> lines_;
  std::size_t length_ = 0;
};

}  // namespace aka::metrics
