#pragma once

#include <compare>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace aka::base {

/// Where in a file something stands. Lines and columns count from 1; 0 means the file as a whole.
struct Mark {
  std::shared_ptr<const std::string> file;  ///< as the user named it; shared by all marks of a file
  std::size_t line = 0;
  std::size_t column = 0;
};

enum class Gravity { warning, error };

struct Diagnostic {
  Mark mark;
  Gravity gravity = Gravity::error;
  std::string message;  ///< says what is wrong and, where one is known, the fix
};

/// Collects everything that is wrong with an input, so that its author sees all of it in one run.
class Diagnostics {
 public:
  void error(const Mark& mark, std::string message);
  void warning(const Mark& mark, std::string message);

  bool has_errors() const { return errors_ > 0; }
  /// By file, line and column; the order of discovery decides ties.
  std::vector<Diagnostic> sorted() const;

 private:
  std::vector<Diagnostic> all_;
  std::size_t errors_ = 0;
};

/// "file:line:column: message"; a warning says so: "file:line:column: warning: message".
std::string to_string(const Diagnostic& diagnostic);

}  // namespace aka::base
