#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "base/utc_time.h"
#include "evidence/collector.h"
#include "journal/chain.h"

namespace aka::evidence::testing {

inline base::WallTime at(std::string_view instant) { return base::parse_instant(instant).value(); }

inline const std::string kOrg(24, 'a');
inline const std::string kKey(24, 'b');

/// A chain of records, sealed one after the other.
class Chain {
 public:
  Chain& add(std::string_view time, journal::RecordType type, std::string data = "{}",
             std::string org_id = {}, std::string key_id = {}) {
    const std::string prev =
        records_.empty() ? std::string(journal::kNoHash) : records_.back().hash;
    records_.push_back(
        journal::seal({at(time), type, std::move(org_id), std::move(key_id), std::move(data)},
                      static_cast<std::int64_t>(records_.size()) + 1, prev));
    return *this;
  }

  Chain& key(std::string_view time, journal::RecordType type, std::string data) {
    return add(time, type, std::move(data), kOrg, kKey);
  }

  std::vector<journal::Record>& records() { return records_; }

  Evidence evidence(Period period, std::string_view made = "2027-01-01T00:00:00Z") const {
    Evidence evidence;
    evidence.period = period;
    evidence.made = at(made);
    evidence.version = "1.2.3";
    Collector collector(period, evidence.made);
    for (const journal::Record& record : records_) collector.take(record);
    collector.finish("journal.db", records_.empty() ? "" : records_.back().hash, evidence);
    return evidence;
  }

 private:
  std::vector<journal::Record> records_;
};

}  // namespace aka::evidence::testing
