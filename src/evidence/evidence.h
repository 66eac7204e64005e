#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/duration.h"

/// What a journal proves of a period, for somebody who audits the auditor.
namespace aka::evidence {

/// From `from` until before `until`.
struct Period {
  base::WallTime from{};
  base::WallTime until{};
};

/// The key or organization that something is about; the names as the journal had them last.
struct About {
  std::string org_id;
  std::string org;
  std::string key_id;  ///< empty: an organization
  std::string key;

  friend bool operator==(const About&, const About&) = default;
};

struct WatchedKey {
  About about;
  std::string owner;
  base::WallTime added{};
  std::optional<base::WallTime> removed;
};

/// A time in which nothing was proven of an organization, and why, for people.
struct Gap {
  Period period;
  std::string why;
};

struct Coverage {
  About about;
  Period watched;  ///< the part of the period in which it was configured
  std::int64_t checkpoints = 0;
  std::int64_t polls = 0;
  std::int64_t conclusive = 0;
  /// Checkpoints at which some key was not proven for more than 90 minutes, or never.
  std::int64_t unproven = 0;
  std::vector<Gap> gaps;

  base::Duration uncovered() const;
  /// Of `watched`, in thousandths, rounded down: 1000 only without a gap.
  int per_mille() const;
};

struct Waiving {
  base::WallTime from{};
  std::optional<base::WallTime> until;  ///< when it lapsed, or the finding was disproved
  std::string reason;                   ///< empty in journals of earlier versions
  std::string ticket;                   ///< may be empty
  std::string allowed_until;            ///< the end that the waiver has by itself
};

/// A finding from its first sight to its end, in whose life some of the period falls.
struct Incident {
  About about;
  std::string kind;
  std::string severity;
  std::string role;
  std::string project_id;
  std::string actual;
  base::WallTime opened{};
  std::optional<base::WallTime> closed;  ///< nothing: it lasts
  std::string closed_by;                 ///< "a poll", "the configuration"
  std::optional<base::WallTime> told;    ///< when a receiver first took an alert on it
  std::vector<Waiving> waivings;
  base::Duration exposed{};  ///< open and not waived, in the period
};

struct Event {
  base::WallTime time{};
  std::string type;
  About about;
  std::string detail;
};

/// One chain of the journal; a process that watches a shard has one of its own.
struct Chain {
  std::string name;
  std::int64_t first_seq = 0;  ///< of the records read; 0: there are none
  std::int64_t head_seq = 0;
  std::string head_hash;
  std::string head_time;
  std::int64_t records = 0;  ///< in the period
  std::string fault;         ///< why the chain does not verify; empty: it does
};

struct Evidence {
  Period period;
  base::WallTime made{};
  std::string version;
  std::vector<Chain> chains;
  std::vector<WatchedKey> keys;  ///< in the order they were added
  std::vector<Coverage> coverage;
  std::vector<Incident> incidents;  ///< in the order they were opened
  std::vector<Event> events;        ///< loads, weakenings, starts, stops, drills, losses
};

/// Whether every chain verifies.
bool is_sound(const Evidence& evidence);

}  // namespace aka::evidence
