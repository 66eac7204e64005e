// The names of kinds of facts, as every database has them. Entry points: to_string(),
// parse_fact_kind().
#include "store/fact_kind.h"

#include <array>

namespace aka::store {
namespace {

constexpr std::array kKinds{FactKind::configuration, FactKind::key,   FactKind::seen,
                            FactKind::organization,  FactKind::alert, FactKind::daemon};

}  // namespace

std::string_view to_string(FactKind kind) {
  switch (kind) {
    case FactKind::configuration:
      return "configuration";
    case FactKind::key:
      return "key";
    case FactKind::seen:
      return "seen";
    case FactKind::organization:
      return "organization";
    case FactKind::alert:
      return "alert";
    case FactKind::daemon:
      return "daemon";
  }
  return "daemon";
}

std::optional<FactKind> parse_fact_kind(std::string_view name) {
  for (const FactKind kind : kKinds) {
    if (to_string(kind) == name) return kind;
  }
  return std::nullopt;
}

}  // namespace aka::store
