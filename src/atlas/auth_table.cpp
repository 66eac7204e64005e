// The one place where authentication methods are registered: a declaration and a row for each file
// of auth/. Entry point: parse_credential().
#include "atlas/auth_table.h"

#include <array>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace aka::atlas {

std::shared_ptr<Credential> parse_digest(const base::Section& section, std::string_view name,
                                         base::Diagnostics& diagnostics);
std::shared_ptr<Credential> parse_service_account(const base::Section& section,
                                                  std::string_view name,
                                                  base::Diagnostics& diagnostics);

namespace {

struct Method {
  std::string_view name;  // in YAML
  std::shared_ptr<Credential> (*parse)(const base::Section&, std::string_view, base::Diagnostics&);
};

constexpr std::array<Method, 2> kMethods{{
    {"digest", parse_digest},
    {"service_account", parse_service_account},
}};

std::string known_methods() {
  std::vector<std::string_view> names;
  names.reserve(kMethods.size());
  for (const Method& method : kMethods) names.push_back(method.name);
  return fmt::format("{}", fmt::join(names, " or "));
}

}  // namespace

std::shared_ptr<Credential> parse_credential(const base::Section& section, std::string_view name,
                                             base::Diagnostics& diagnostics) {
  base::Fields fields(section, fmt::format("credential '{}'", name), diagnostics);
  std::vector<const Method*> used;
  for (const Method& method : kMethods) {
    if (fields.any(method.name) != nullptr) used.push_back(&method);
  }
  fields.finish();
  const bool is_scalar_or_list =
      section.kind == base::Section::Kind::scalar || section.kind == base::Section::Kind::sequence;
  if (used.empty() && section.entries.empty() && !is_scalar_or_list) {
    diagnostics.error(section.mark,
                      fmt::format("credential '{}' needs a method: {}", name, known_methods()));
  }
  if (used.size() > 1) {
    diagnostics.error(section.mark, fmt::format("credential '{}' has several methods; keep one of "
                                                "{}",
                                                name, known_methods()));
  }
  if (used.size() != 1) return nullptr;
  return used.front()->parse(*section.find(used.front()->name), name, diagnostics);
}

}  // namespace aka::atlas
