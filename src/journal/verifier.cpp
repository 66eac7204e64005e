// Checks a chain link by link. Entry points: Verifier::take() and finish(). Each record vouches for
// all before it, so only its own bytes, its place and its tie to the one before need a look; the
// front, which has none before it, is vouched for by the newest retention_cut.
#include "journal/verifier.h"

#include <fmt/format.h>

#include "journal/canonical_json.h"
#include "journal/chain.h"

namespace aka::journal {
namespace {

/// A record's own bytes. They must be in the one form, since another could share the hash.
std::optional<Fault> check_bytes(const Record& record) {
  for (const std::string* text : {&record.time, &record.type, &record.org_id, &record.key_id}) {
    if (valid_utf8(*text) != *text)
      return Fault{record.seq, "the record holds bytes that are not UTF-8"};
  }
  if (canonical_object(record.data) != record.data)
    return Fault{record.seq, "its data is not in the one form that is hashed"};
  if (hash_of(record) != record.hash)
    return Fault{record.seq, "its hash does not fit what it says: the record was changed"};
  return std::nullopt;
}

}  // namespace

std::optional<Fault> Verifier::take(const Record& record) {
  if (auto fault = check_place(record)) return fault;
  if (auto fault = check_bytes(record)) return fault;
  if (auto fault = note_cut(record)) return fault;
  last_ = record;
  last_.data.clear();
  if (count_ == 0) first_ = last_;
  ++count_;
  return std::nullopt;
}

std::optional<Fault> Verifier::check_place(const Record& record) const {
  if (count_ == 0) {
    if (record.seq < 1) return Fault{record.seq, "records are numbered from 1"};
    if (record.seq == 1 && record.prev != kNoHash)
      return Fault{1, "'prev' of the first record is not 64 zeros"};
    return std::nullopt;
  }
  const std::int64_t expected = last_.seq + 1;
  if (record.seq > expected)
    return Fault{expected,
                 fmt::format("the record is missing: {} follows {}", record.seq, last_.seq)};
  if (record.seq < expected)
    return Fault{record.seq, fmt::format("the record is out of place: it follows {}", last_.seq)};
  if (record.prev != last_.hash)
    return Fault{record.seq, fmt::format("'prev' is not the hash of record {}", last_.seq)};
  return std::nullopt;
}

std::optional<Fault> Verifier::note_cut(const Record& record) {
  if (record.type != to_string(RecordType::retention_cut)) return std::nullopt;
  auto cut = parse_cut(record.data);
  if (!cut) return Fault{record.seq, "a retention_cut without through_seq and through_hash"};
  newest_cut_ = std::move(cut);
  newest_cut_seq_ = record.seq;
  return std::nullopt;
}

std::optional<Fault> Verifier::check_front() const {
  const std::int64_t missing = first_.seq - 1;
  if (!newest_cut_) {
    if (missing == 0) return std::nullopt;
    return Fault{
        1, fmt::format("records 1 to {} are missing, and no retention_cut says why", missing)};
  }
  if (newest_cut_->through_seq != missing) {
    return Fault{first_.seq, fmt::format("the journal begins here, but the newest retention_cut "
                                         "(record {}) removed the records up to {}",
                                         newest_cut_seq_, newest_cut_->through_seq)};
  }
  if (newest_cut_->through_hash != first_.prev) {
    return Fault{first_.seq, fmt::format("'prev' is not the through_hash of the newest "
                                         "retention_cut (record {})",
                                         newest_cut_seq_)};
  }
  return std::nullopt;
}

std::optional<Fault> Verifier::finish(std::string_view head) const {
  if (count_ > 0) {
    if (auto fault = check_front()) return fault;
  }
  const std::string_view newest = count_ > 0 ? std::string_view(last_.hash) : kNoHash;
  if (head.empty() || head == newest) return std::nullopt;
  return Fault{last_.seq,
               fmt::format("the journal ends here with the hash {}, but its newest record "
                           "must have {}: the end is missing",
                           newest, head)};
}

}  // namespace aka::journal
