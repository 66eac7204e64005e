#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace aka::base {

/// A regular expression in RE2's syntax that a whole text must fit. Matching takes time linear in
/// the text, whatever the expression, and needs no stack: texts may come from outside.
/// Immutable; cheap to copy; safe from any thread.
class TextPattern {
 public:
  static Result<TextPattern> compile(const std::string& expression);

  bool matches(std::string_view text) const;
  const std::string& expression() const;

 private:
  struct Compiled;
  explicit TextPattern(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}

  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace aka::base
