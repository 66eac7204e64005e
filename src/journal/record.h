#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace aka::journal {

enum class RecordType {
  start,
  stop,
  config_loaded,
  key_added,
  key_removed,
  policy_weakened,
  state_changed,
  finding_opened,
  finding_closed,
  finding_waived,
  waiver_lapsed,
  alert_sent,
  alert_resolved,
  checkpoint,
  retention_cut,
  journal_recovered,
  drill,
};

std::string_view to_string(RecordType type);

/// Something that happened, before it has its place in the chain.
struct Draft {
  base::WallTime time{};
  RecordType type = RecordType::start;
  std::string org_id{};     ///< 24 hex digits; empty: concerns no organization
  std::string key_id{};     ///< 24 hex digits; empty: concerns no key
  std::string data = "{}";  ///< a JSON object; numbers are integers; never a secret
};

/// A link of the chain. `hash` is the hex SHA-256 of `prev`, a line feed, and the record without
/// `hash` as JSON with sorted keys, no spaces, UTF-8 unescaped.
struct Record {
  std::int64_t seq = 0;  ///< from 1, without gaps
  std::string time;      ///< RFC 3339, UTC
  std::string type;
  std::string org_id;
  std::string key_id;
  std::string data;  ///< canonical JSON
  std::string prev;  ///< the hash before; 64 zeros for the first
  std::string hash;

  friend bool operator==(const Record&, const Record&) = default;
};

}  // namespace aka::journal
