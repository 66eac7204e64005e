#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
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

  /// Whether they were made from these, given in this order.
  bool made_from(const std::vector<incident::SharedAlert>& firing,
                 const std::vector<incident::SharedAlert>& resolved) const {
    return firing_ == firing && resolved_ == resolved;
  }

  /// Exactly the bytes that write() hands over.
  std::size_t length() const { return length_; }
  /// False if the sink ended it.
  bool write(const BlockSink& sink) const;

 private:
  struct Line {
    const incident::Alert* alert;
    std::uint64_t digest;  ///< of the labels as shown; orders lines of one name
    std::uint32_t labels_length;
    bool fires;
  };

  void add(const std::vector<incident::SharedAlert>& alerts, bool fires);

  std::vector<incident::SharedAlert> firing_;
  std::vector<incident::SharedAlert> resolved_;
  std::vector<Line> lines_;
  std::size_t length_ = 0;
};

/// Keeps the order and the length of the last page for the next: between two scrapes alerts seldom
/// change, and reading all their labels once more takes as long as writing them. Safe from any
/// thread.
class LastAlertLines {
 public:
  std::shared_ptr<const AlertLines> of(std::vector<incident::SharedAlert> firing,
                                       std::vector<incident::SharedAlert> resolved);

 private:
  std::mutex mutex_;
  std::shared_ptr<const AlertLines> last_;  // guarded by mutex_
};

}  // namespace aka::metrics
