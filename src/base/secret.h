#pragma once

#include <string>
#include <string_view>

#include <fmt/format.h>

namespace aka::base {

/// A value that must not be seen: it prints as a mask, its memory is wiped when it goes, and only
/// reveal() gives the text, which makes every use searchable.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret other) noexcept;
  ~Secret();

  std::string_view reveal() const { return text_; }
  bool empty() const { return text_.empty(); }

  /// In time that does not depend on where the two differ.
  friend bool operator==(const Secret& left, const Secret& right);

 private:
  std::string text_;
};

}  // namespace aka::base

template <>
struct fmt::formatter<aka::base::Secret> : fmt::formatter<fmt::string_view> {
  template <typename Context>
  auto format(const aka::base::Secret&, Context& context) const {
    return fmt::formatter<fmt::string_view>::format("<secret>", context);
  }
};
