#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace aka::journal {

/// The data of a `retention_cut`: the last record that was removed.
struct Cut {
  std::int64_t through_seq = 0;
  std::string through_hash;
};

std::string to_data(const Cut& cut);
std::optional<Cut> parse_cut(std::string_view data);

}  // namespace aka::journal
