// The audit for people, and what a hostile text can do to it: nothing.
#include "report/text.h"

#include <regex>

#include <doctest/doctest.h>

#include "report/world.h"
#include "support/audited.h"

namespace aka::report {
namespace {

TEST_CASE("colour adds escapes of its own and changes nothing else") {
  const std::string coloured = audit_text(test::small_world(), Colour::on);
  CHECK(coloured != audit_text(test::small_world(), Colour::off));
  const std::regex own("\x1b\\[[0-9;]*m");
  CHECK(std::regex_replace(coloured, own, "") == audit_text(test::small_world(), Colour::off));
}

TEST_CASE("without colour no control but the line break reaches the terminal") {
  for (const char byte : audit_text(test::small_world(), Colour::off)) {
    const auto code = static_cast<unsigned char>(byte);
    REQUIRE((code >= 0x20 || byte == '\n'));
    REQUIRE(code != 0x7F);
  }
}

TEST_CASE("when all is well the report is its summary") {
  model::KeyStatus fine;
  fine.state = model::State::compliant;
  CHECK(
      audit_text(test::snapshot_of(
                     {test::organization_of("prod", test::kOrganization, {test::key({})})}, {fine}),
                 Colour::off) == "1 key: 1 compliant, 0 findings, 0 could not be judged\n");
}

}  // namespace
}  // namespace aka::report
