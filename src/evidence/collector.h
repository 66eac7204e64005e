#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "evidence/coverage.h"
#include "evidence/evidence.h"
#include "journal/record.h"
#include "journal/verifier.h"

namespace aka::evidence {

/// Reads one chain record by record, from its first one on, into evidence on a period. What lies
/// before the period matters too: findings may be open when it begins. Keeps what lasts or falls in
/// the period, not the records.
class Collector {
 public:
  /// `made`: now. Nothing after it can be proven.
  Collector(Period period, base::WallTime made);

  void take(const journal::Record& record);

  /// After the last record. `head` is the newest hash by the store's own account; empty: unknown.
  /// Adds what this chain shows to `evidence`.
  void finish(const std::string& name, std::string_view head, Evidence& evidence);

 private:
  struct Fields;

  void take_key(const journal::Record& record, const Fields& fields);
  void take_finding(const journal::Record& record, const Fields& fields);
  void take_alert(const journal::Record& record, const Fields& fields);
  void take_event(const journal::Record& record, const Fields& fields);
  void end_incident(std::map<std::string, Incident>::iterator incident, base::WallTime time,
                    const std::string& by);
  About about(const journal::Record& record) const;
  bool touches_period(const Incident& incident) const;
  base::Duration exposed(const Incident& incident) const;

  const Period period_;
  const base::WallTime made_;
  journal::Verifier verifier_;
  std::optional<journal::Fault> fault_;
  std::int64_t first_seq_ = 0;
  std::int64_t in_period_ = 0;
  journal::Record last_;                        // without data
  std::map<std::string, About> names_;          // by "org" and "org/key"
  std::map<std::string, std::size_t> watched_;  // "org/key": of those that are, their place
  std::vector<WatchedKey> keys_;
  std::map<std::string, Incident> open_;  // by subject
  std::vector<Incident> ended_;
  std::vector<Event> events_;
  CoverageKeeper coverage_;
};

}  // namespace aka::evidence
