// Rows as values, and the head: the newest record's seq and hash, kept apart from the journal so
// that a journal that lost its end does not pass for a whole one. Entry point: checked_head().
#include "store/sqlite/rows.h"

#include <charconv>
#include <string>

#include <fmt/format.h>

#include "journal/chain.h"

namespace aka::store {
namespace {

base::Result<Head> last_in_journal(Database& database) {
  auto last = database.prepare(
      fmt::format("SELECT {} FROM journal ORDER BY seq DESC LIMIT 1", kRecordColumns));
  if (!last) return tl::unexpected(last.error());
  const auto row = last->first();
  if (!row) return tl::unexpected(row.error());
  if (!*row) return Head{0, std::string(journal::kNoHash)};
  const journal::Record record = record_in(*last);
  if (journal::hash_of(record) != record.hash) {
    return base::fail(kDamaged,
                      fmt::format("the newest record ({}) does not fit its hash", record.seq));
  }
  return Head{record.seq, record.hash};
}

}  // namespace

journal::Record record_in(const Statement& row) {
  return {.seq = row.integer(0),
          .time = row.text(1),
          .type = row.text(2),
          .org_id = row.text(3),
          .key_id = row.text(4),
          .data = row.text(5),
          .prev = row.text(6),
          .hash = row.text(7)};
}

std::string head_text(const Head& head) { return fmt::format("{} {}", head.seq, head.hash); }

base::Result<Head> recorded_head(Database& database) {
  const auto text = database.value("SELECT value FROM meta WHERE name = 'head'");
  if (!text) return tl::unexpected(text.error());
  if (text->empty()) return Head{0, std::string(journal::kNoHash)};
  Head head;
  std::from_chars(text->data(), text->data() + text->size(), head.seq);
  head.hash = text->substr(text->find(' ') + 1);
  return head;
}

base::Result<Head> checked_head(Database& database) {
  auto recorded = recorded_head(database);
  if (!recorded) return recorded;
  const auto last = last_in_journal(database);
  if (!last) return tl::unexpected(last.error());
  if (*last != *recorded) {
    return base::fail(
        kDamaged, fmt::format("the journal ends with record {}, hash {}, but the store knows of "
                              "record {}, hash {}",
                              last->seq, last->hash, recorded->seq, recorded->hash));
  }
  return recorded;
}

}  // namespace aka::store
