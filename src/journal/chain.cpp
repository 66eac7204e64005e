// Links of the chain as bytes. Entry points: seal() makes one, export_line() and
// parse_export_line() carry it outside. The JSON around `data` is put together by hand, so that
// what is hashed are the bytes that are kept, and not what a parser makes of them.
#include "journal/chain.h"

#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <openssl/sha.h>

#include "base/utc_time.h"
#include "journal/canonical_json.h"

namespace aka::journal {
namespace {

std::string id_or_null(std::string_view id) { return id.empty() ? "null" : canonical_text(id); }

/// What follows `data` and, in an export, `hash`: the members in the order of their names.
std::string later_members(const Record& record) {
  return fmt::format(R"("key_id":{},"org_id":{},"prev":{},"seq":{},"time":{},"type":{}}})",
                     id_or_null(record.key_id), id_or_null(record.org_id),
                     canonical_text(record.prev), record.seq, canonical_text(record.time),
                     canonical_text(record.type));
}

std::string kept_data(std::string_view data) {
  if (auto object = canonical_object(data)) return *std::move(object);
  const std::string text = valid_utf8(data);
  if (auto object = canonical_object(text)) return *std::move(object);
  return R"({"unreadable":)" + canonical_text(text) + "}";
}

std::string text_of(const nlohmann::json& object, const char* name) {
  const auto member = object.find(name);
  if (member == object.end() || !member->is_string()) return {};
  return member->get<std::string>();
}

/// What the line says, with nothing for what it does not say: the caller compares.
Record members_of(const nlohmann::json& line) {
  Record record;
  if (const auto seq = line.find("seq"); seq != line.end() && seq->is_number_integer())
    record.seq = seq->get<std::int64_t>();
  record.time = text_of(line, "time");
  record.type = text_of(line, "type");
  record.org_id = text_of(line, "org_id");
  record.key_id = text_of(line, "key_id");
  if (const auto data = line.find("data"); data != line.end()) record.data = data->dump();
  record.prev = text_of(line, "prev");
  record.hash = text_of(line, "hash");
  return record;
}

}  // namespace

std::string sha256_hex(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): OpenSSL takes unsigned bytes
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * digest.size());
  for (const unsigned char byte : digest) {
    hex += kDigits[byte >> 4U];
    hex += kDigits[byte & 0xFU];
  }
  return hex;
}

Record seal(const Draft& draft, std::int64_t seq, std::string_view prev) {
  Record record{.seq = seq,
                .time = base::format_utc(draft.time),
                .type = std::string(to_string(draft.type)),
                .org_id = valid_utf8(draft.org_id),
                .key_id = valid_utf8(draft.key_id),
                .data = kept_data(draft.data),
                .prev = std::string(prev),
                .hash = {}};
  record.hash = hash_of(record);
  return record;
}

std::string hash_of(const Record& record) {
  return sha256_hex(
      fmt::format("{}\n{{\"data\":{},{}", record.prev, record.data, later_members(record)));
}

std::string export_line(const Record& record) {
  return fmt::format(R"({{"data":{},"hash":{},{})", record.data, canonical_text(record.hash),
                     later_members(record));
}

base::Result<Record> parse_export_line(std::string_view line) {
  // Reading it as canonical JSON first keeps out what is too deep or not UTF-8.
  const auto canonical = canonical_object(line, kDeepestData + 1);
  if (!canonical) {
    return base::fail(base::ErrorKind::invalid_input, "the line is no JSON object of UTF-8 text");
  }
  if (*canonical == line) {
    Record record = members_of(nlohmann::json::parse(line));
    if (export_line(record) == line) return record;
  }
  return base::fail(base::ErrorKind::invalid_input,
                    "the line is not written as an export writes it: data, hash, key_id, org_id, "
                    "prev, seq, time, type, without spaces");
}

}  // namespace aka::journal
