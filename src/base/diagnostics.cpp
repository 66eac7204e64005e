// Diagnostics are kept in the order found and sorted when asked for.
#include "base/diagnostics.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace aka::base {

void Diagnostics::error(const Mark& mark, std::string message) {
  all_.push_back({mark, Gravity::error, std::move(message)});
  ++errors_;
}

void Diagnostics::warning(const Mark& mark, std::string message) {
  all_.push_back({mark, Gravity::warning, std::move(message)});
}

std::vector<Diagnostic> Diagnostics::sorted() const {
  auto result = all_;
  const auto place = [](const Diagnostic& diagnostic) {
    static const std::string no_file;
    const Mark& mark = diagnostic.mark;
    return std::tuple<const std::string&, std::size_t, std::size_t>(
        mark.file ? *mark.file : no_file, mark.line, mark.column);
  };
  std::stable_sort(
      result.begin(), result.end(),
      [&](const Diagnostic& left, const Diagnostic& right) { return place(left) < place(right); });
  return result;
}

std::string to_string(const Diagnostic& diagnostic) {
  const Mark& mark = diagnostic.mark;
  std::string text = mark.file ? *mark.file : std::string();
  if (mark.line > 0) text += fmt::format(":{}:{}", mark.line, mark.column);
  if (!text.empty()) text += ": ";
  if (diagnostic.gravity == Gravity::warning) text += "warning: ";
  return text + diagnostic.message;
}

}  // namespace aka::base
