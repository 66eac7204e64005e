#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "journal/cut.h"
#include "journal/record.h"

namespace aka::journal {

/// Where a journal stops being one, and why, for people.
struct Fault {
  std::int64_t seq = 0;
  std::string reason;
};

/// Checks a journal record by record, in its order, in constant memory. Finds every record that was
/// changed, dropped, swapped or put in, and a front that no `retention_cut` accounts for. A missing
/// end it cannot see: that takes a witness of the newest hash, which finish() is given.
class Verifier {
 public:
  /// The next record. After a fault the verifier is done with.
  std::optional<Fault> take(const Record& record);

  /// What only the whole journal shows. `head` is the hash that the newest record must have; empty:
  /// nobody knows.
  std::optional<Fault> finish(std::string_view head = {}) const;

  std::int64_t records() const { return count_; }
  const Record& first() const { return first_; }  ///< without data; seq is 0 before the first
  const Record& last() const { return last_; }    ///< without data; seq is 0 before the first

 private:
  std::optional<Fault> check_place(const Record& record) const;
  std::optional<Fault> note_cut(const Record& record);
  std::optional<Fault> check_front() const;

  std::int64_t count_ = 0;
  Record first_;
  Record last_;
  std::optional<Cut> newest_cut_;
  std::int64_t newest_cut_seq_ = 0;
};

}  // namespace aka::journal
