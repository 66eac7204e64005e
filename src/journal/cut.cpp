// The data of a retention_cut, which joins the chain's front to what is gone. Entry points:
// to_data(), parse_cut().
#include "journal/cut.h"

#include <nlohmann/json.hpp>

namespace aka::journal {

std::string to_data(const Cut& cut) {
  return nlohmann::json{{"through_seq", cut.through_seq}, {"through_hash", cut.through_hash}}
      .dump();
}

std::optional<Cut> parse_cut(std::string_view data) {
  const auto object = nlohmann::json::parse(data, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  const auto seq = object.find("through_seq");
  const auto hash = object.find("through_hash");
  if (seq == object.end() || !seq->is_number_integer()) return std::nullopt;
  if (hash == object.end() || !hash->is_string()) return std::nullopt;
  return Cut{seq->get<std::int64_t>(), hash->get<std::string>()};
}

}  // namespace aka::journal
