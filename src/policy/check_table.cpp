// The one place where checks are registered: a declaration and a row, one below the other. The
// order of rows is free, since judge() sorts.
#include "policy/check_table.h"

#include <array>

#include <fmt/format.h>

namespace aka::policy {

void check_presence(const Subject& subject, model::Findings& findings);
void check_roles(const Subject& subject, model::Findings& findings);
void check_description(const Subject& subject, model::Findings& findings);
void check_public_key(const Subject& subject, model::Findings& findings);
void check_private_key(const Subject& subject, model::Findings& findings);

namespace {

constexpr std::array<Check, 5> kChecks{
    check_presence, check_roles, check_description, check_public_key, check_private_key,
};

constexpr std::size_t kLongestText = 250;

bool starts_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }

}  // namespace

std::span<const Check> checks() { return kChecks; }

std::string shortened(std::string_view text) {
  std::size_t characters = 0;
  std::size_t cut = text.size();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!starts_character(text[i])) continue;
    if (characters == kLongestText) cut = i;
    ++characters;
  }
  if (cut == text.size()) return std::string(text);
  return fmt::format("{}… ({} characters)", text.substr(0, cut), characters);
}

}  // namespace aka::policy
