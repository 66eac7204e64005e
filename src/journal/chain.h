#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "journal/record.h"

namespace aka::journal {

/// What stands in for the hash before the first record.
inline constexpr std::string_view kNoHash =
    "0000000000000000000000000000000000000000000000000000000000000000";

/// Hex SHA-256.
std::string sha256_hex(std::string_view text);

/// The draft as the link `seq` after the record whose hash is `prev`. Whatever bytes the draft
/// holds, a valid record comes out: what is not UTF-8 becomes U+FFFD, and data that is no JSON
/// object becomes {"unreadable": "<the text>"}.
Record seal(const Draft& draft, std::int64_t seq, std::string_view prev);

/// What `hash` must be for the other members of the record.
std::string hash_of(const Record& record);

/// The record as one line of JSON without a line feed: sorted keys, no spaces; no id is null.
std::string export_line(const Record& record);

/// Reads such a line. Bytes that export_line() would not write are an error.
base::Result<Record> parse_export_line(std::string_view line);

}  // namespace aka::journal
