#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/duration.h"
#include "page/html.h"
#include "report/json.h"

namespace aka::page {

/// A receiver of alerts, now.
struct Receiver {
  std::string name;
  std::size_t pending = 0;  ///< notifications that are due and not taken
  base::Duration oldest{};  ///< how long the oldest of them waits
  std::uint64_t delivered = 0;
  std::uint64_t failed = 0;
};

/// What the daemon says of itself.
struct Health {
  report::DaemonFacts facts;
  bool beats = true;          ///< the scheduler keeps time
  std::int64_t head_seq = 0;  ///< of the journal's newest record on disk; 0: none
  std::string head_hash;
  std::string journal_failure;  ///< why the last commit failed; empty: it did not
  std::vector<Receiver> receivers;
};

/// What is wrong with the daemon itself, a sentence each.
std::vector<std::string> troubles_of(const Health& health);

void put_health(Html& html, const Health& health, base::WallTime now);

}  // namespace aka::page
