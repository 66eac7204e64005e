#pragma once

#include <concepts>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace aka::page {

/// `text` as HTML shows it, in an element as in a quoted attribute: the five characters of markup
/// as references, and what an eye would not see (controls, reversals of the direction of writing,
/// bytes that are no UTF-8) as report::printable() writes it.
std::string escaped(std::string_view text);

/// `text` as the value of a parameter in an address.
std::string in_address(std::string_view text);

/// HTML as it stands: made by Html, never from a text that came from outside.
struct Markup {
  std::string html;
};

inline std::string safe(const Markup& markup) { return markup.html; }
inline std::string safe(std::string_view text) { return escaped(text); }
template <std::integral Number>
Number safe(Number number) {
  return number;
}

template <typename... Arguments>
using Format = fmt::format_string<decltype(safe(std::declval<const Arguments&>()))...>;

/// Appends HTML to a text. What stands in the format is markup, and the compiler sees to it that it
/// is a literal; every argument is escaped, unless it is Markup.
class Html {
 public:
  explicit Html(std::string& out) : out_(out) {}

  template <typename... Arguments>
  Html& put(Format<Arguments...> format, const Arguments&... arguments) {
    fmt::format_to(std::back_inserter(out_), format, safe(arguments)...);
    return *this;
  }

 private:
  std::string& out_;
};

/// A piece of a page, for an argument of put().
template <typename... Arguments>
Markup markup(Format<Arguments...> format, const Arguments&... arguments) {
  Markup piece;
  Html(piece.html).put(format, arguments...);
  return piece;
}

}  // namespace aka::page
