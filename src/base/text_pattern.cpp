// RE2 behind a value type. std::regex backtracks: one description could hang or overflow it.
#include "base/text_pattern.h"

#include <re2/re2.h>

#include <fmt/format.h>

namespace aka::base {

struct TextPattern::Compiled {
  explicit Compiled(const std::string& expression) : regex(expression, options()) {}

  static RE2::Options options() {
    RE2::Options options;
    options.set_log_errors(false);
    return options;
  }

  RE2 regex;
};

Result<TextPattern> TextPattern::compile(const std::string& expression) {
  auto compiled = std::make_shared<const Compiled>(expression);
  if (!compiled->regex.ok()) {
    return fail(ErrorKind::invalid_input, fmt::format("'{}' is not a regular expression: {}",
                                                      expression, compiled->regex.error()));
  }
  return TextPattern(std::move(compiled));
}

bool TextPattern::matches(std::string_view text) const {
  return RE2::FullMatch(re2::StringPiece(text.data(), text.size()), compiled_->regex);
}

const std::string& TextPattern::expression() const { return compiled_->regex.pattern(); }

}  // namespace aka::base
