// ObjectIds: 24 hex digits in, 12 bytes inside.
#include "model/ids.h"

#include <unordered_set>

#include <doctest/doctest.h>

namespace aka::model {
namespace {

TEST_SUITE("ids") {
  TEST_CASE("24 hex digits of either case are read and written in lower case") {
    const auto id = KeyId::parse("64AA11bb22cc33dd44ee55F1");
    REQUIRE(id);
    CHECK(id->to_string() == "64aa11bb22cc33dd44ee55f1");
    CHECK(id->bytes()[0] == 0x64);
    CHECK(id->bytes()[11] == 0xf1);
    CHECK(KeyId().to_string() == "000000000000000000000000");
  }

  TEST_CASE("anything else is nothing") {
    for (const char* text : {"", "abcdwxyz", "64aa11bb22cc33dd44ee55f", "64aa11bb22cc33dd44ee55f12",
                             "64aa11bb22cc33dd44ee55fg", " 4aa11bb22cc33dd44ee55f1",
                             "64aa11bb22cc33dd44ee55\xc3\xa9"}) {
      CAPTURE(text);
      CHECK_FALSE(KeyId::parse(text));
    }
  }

  TEST_CASE("they sort as their texts do and hash by value") {
    const auto low = *KeyId::parse("0fffffffffffffffffffffff");
    const auto high = *KeyId::parse("f00000000000000000000000");
    CHECK(low < high);
    const std::unordered_set<KeyId> set{low, high, low};
    CHECK(set.size() == 2);
  }
}

}  // namespace
}  // namespace aka::model
