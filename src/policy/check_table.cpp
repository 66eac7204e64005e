// The one place where checks are registered: a declaration and a row, one below the other. The
// order of rows is free, since judge() sorts.
#include "policy/check_table.h"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>

#include "base/redaction.h"

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
  if (base::looks_secret(text)) return "(hidden: it looks like a secret)";
  std::size_t characters = 0;
  std::size_t end = 0;
  // A character has at most four bytes; the second bound is for what is not UTF-8.
  for (; end < text.size() && end < 4 * kLongestText; ++end) {
    if (starts_character(text[end]) && ++characters > kLongestText) break;
  }
  if (end == text.size()) return std::string(text);
  return fmt::format("{}… ({} bytes in all)", text.substr(0, end), text.size());
}

std::string described(const model::KeyRecord& record) {
  std::vector<std::string> roles;
  roles.reserve(record.roles.size());
  for (const model::Role& role : record.roles) roles.push_back(model::to_string(role));
  std::ranges::sort(roles);
  roles.erase(std::unique(roles.begin(), roles.end()), roles.end());
  return shortened(
      fmt::format("'{}' with {}", shortened(record.description),
                  roles.empty() ? "no role" : fmt::format("{}", fmt::join(roles, ", "))));
}

}  // namespace aka::policy
