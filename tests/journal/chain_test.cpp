#include "journal/chain.h"

#include <string>

#include <doctest/doctest.h>

#include "journal/canonical_json.h"

namespace aka::journal {
namespace {

using std::chrono::sys_days;
using std::chrono::year;

Draft drift() {
  return {.time = base::WallTime(sys_days(year(2026) / 11 / 24)) + std::chrono::milliseconds(5),
          .type = RecordType::finding_opened,
          .org_id = "5f1a2b3c4d5e6f7a8b9c0d1e",
          .key_id = "64aa11bb22cc33dd44ee55f1",
          .data = R"({"role": "GROUP_OWNER", "kind": "role_forbidden", "ä": [1, null]})"};
}

TEST_SUITE("chain") {
  TEST_CASE("a draft becomes the link after another") {
    const Record record = seal(drift(), 7, kNoHash);
    CHECK(record.seq == 7);
    CHECK(record.time == "2026-11-24T00:00:00.005Z");
    CHECK(record.type == "finding_opened");
    CHECK(record.data == R"({"kind":"role_forbidden","role":"GROUP_OWNER","ä":[1,null]})");
    CHECK(record.prev == kNoHash);
    // printf '%s\n%s' "$prev" "$object" | sha256sum
    CHECK(record.hash == "f0a76532ddce28d334f3b1016807f98c8d7389618a5e8b8321a1f144b5aaba05");
  }

  TEST_CASE("an export line has sorted keys, and null for an absent id") {
    Draft start = drift();
    start.key_id.clear();
    start.org_id.clear();
    start.type = RecordType::start;
    start.data = "{}";
    const Record record = seal(start, 1, kNoHash);
    CHECK(export_line(record) ==
          R"({"data":{},"hash":")" + record.hash + R"(","key_id":null,"org_id":null,"prev":")" +
              std::string(kNoHash) +
              R"(","seq":1,"time":"2026-11-24T00:00:00.005Z","type":"start"})");
  }

  TEST_CASE("whatever a draft holds, a valid record comes out") {
    struct Case {
      const char* name;
      const char* data;
      const char* expected;
    };
    const Case cases[] = {
        {"not UTF-8", "{\"a\":\"\xff\"}", "{\"a\":\"\xef\xbf\xbd\"}"},
        {"no JSON", "oops\n", R"({"unreadable":"oops\n"})"},
        {"no object", "[1]", R"({"unreadable":"[1]"})"},
        {"neither", "\xfe[", "{\"unreadable\":\"\xef\xbf\xbd[\"}"},
    };
    for (const Case& one : cases) {
      INFO(one.name);
      Draft draft = drift();
      draft.data = one.data;
      draft.key_id = "\xff\"";
      const Record record = seal(draft, 1, kNoHash);
      CHECK(record.data == one.expected);
      CHECK(record.key_id == "\xef\xbf\xbd\"");
      CHECK(parse_export_line(export_line(record)) == record);
    }
  }

  TEST_CASE("every name of a type is its own") {
    std::string seen = ",";
    for (int i = 0; i <= static_cast<int>(RecordType::drill); ++i) {
      const std::string name(to_string(static_cast<RecordType>(i)));
      CHECK(seen.find("," + name + ",") == std::string::npos);
      seen += name + ",";
    }
  }

  TEST_CASE("a line is read back only as it was written") {
    const Record record = seal(drift(), 7, kNoHash);
    const std::string line = export_line(record);
    CHECK(parse_export_line(line) == record);
    std::string as_escape = line;
    as_escape.replace(as_escape.find("ä"), 2, "\\u00e4");
    std::string empty_id = line;
    empty_id.replace(empty_id.find(R"("64aa11bb22cc33dd44ee55f1")"), 26, R"("")");
    for (const std::string& bad :
         {std::string(), line + " ", " " + line, line + line, as_escape, empty_id,
          line.substr(0, line.size() - 1), "[" + line + "]", std::string("{}"),
          R"({"a":1,)" + line.substr(1), R"({"data":{},"hash":1,"key_id":2})" + std::string()}) {
      INFO(bad);
      CHECK_FALSE(parse_export_line(bad).has_value());
    }
  }

  TEST_CASE("data that is as deep as may be survives the export") {
    std::string deep;
    for (int i = 0; i < kDeepestData; ++i) deep += R"({"a":)";
    deep += "1" + std::string(kDeepestData, '}');
    Draft draft = drift();
    draft.data = deep;
    const Record record = seal(draft, 1, kNoHash);
    CHECK(record.data == deep);
    CHECK(parse_export_line(export_line(record)) == record);
  }
}

}  // namespace
}  // namespace aka::journal
