#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace aka::model {

/// A MongoDB ObjectId: 12 bytes, written as 24 lower-case hex digits. `Tag` keeps the ids of
/// different things apart.
template <typename Tag>
class ObjectId {
 public:
  /// 24 hex digits, of either case; anything else is nothing.
  static std::optional<ObjectId> parse(std::string_view text) {
    if (text.size() != 24) return std::nullopt;
    ObjectId id;
    for (std::size_t i = 0; i < 24; ++i) {
      const int digit = digit_of(text[i]);
      if (digit < 0) return std::nullopt;
      id.bytes_[i / 2] = static_cast<std::uint8_t>(id.bytes_[i / 2] << 4 | digit);
    }
    return id;
  }

  std::string to_string() const {
    std::string text(24, '0');
    for (std::size_t i = 0; i < 24; ++i) {
      text[i] = "0123456789abcdef"[bytes_[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15];
    }
    return text;
  }

  const std::array<std::uint8_t, 12>& bytes() const { return bytes_; }

  friend auto operator<=>(const ObjectId&, const ObjectId&) = default;

 private:
  static int digit_of(char symbol) {
    if (symbol >= '0' && symbol <= '9') return symbol - '0';
    if (symbol >= 'a' && symbol <= 'f') return symbol - 'a' + 10;
    if (symbol >= 'A' && symbol <= 'F') return symbol - 'A' + 10;
    return -1;
  }

  std::array<std::uint8_t, 12> bytes_{};
};

using OrganizationId = ObjectId<struct OrganizationTag>;
using KeyId = ObjectId<struct KeyTag>;
using ProjectId = ObjectId<struct ProjectTag>;

}  // namespace aka::model

template <typename Tag>
struct std::hash<aka::model::ObjectId<Tag>> {
  std::size_t operator()(const aka::model::ObjectId<Tag>& id) const noexcept {
    // The last eight bytes hold the random part and the counter, which differ most.
    std::uint64_t tail = 0;
    std::memcpy(&tail, id.bytes().data() + 4, sizeof tail);
    return std::hash<std::uint64_t>{}(tail);
  }
};
