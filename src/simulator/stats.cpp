// Counters without locks. Entry point: StatusCounts::add().
#include "simulator/stats.h"

namespace aka::simulator {

void StatusCounts::add(int status) {
  const auto place = static_cast<std::size_t>(status);
  counts_[place < counts_.size() ? place : 0].fetch_add(1, std::memory_order_relaxed);
}

std::map<int, std::uint64_t> StatusCounts::counted() const {
  std::map<int, std::uint64_t> result;
  for (std::size_t status = 0; status < counts_.size(); ++status) {
    const std::uint64_t count = counts_[status].load(std::memory_order_relaxed);
    if (count > 0) result.emplace(static_cast<int>(status), count);
  }
  return result;
}

}  // namespace aka::simulator
