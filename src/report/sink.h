#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace aka::report {

/// Takes the next block, which is valid during the call; false: the reader is gone, stop.
using Sink = std::function<bool(std::string_view)>;

/// A text on its way to a sink, in blocks, so that a long one is never whole in memory.
class Blocks {
 public:
  explicit Blocks(const Sink& sink) : sink_(sink) { text_.reserve(2 * kBlock); }
  Blocks(const Blocks&) = delete;
  Blocks& operator=(const Blocks&) = delete;

  /// What is appended here goes out.
  std::string& text() { return text_; }

  /// To be asked after each element; false: nobody reads any more.
  bool go_on() { return text_.size() < kBlock ? open_ : flush(); }

  bool flush() {
    open_ = open_ && sink_(text_);
    text_.clear();
    return open_;
  }

 private:
  static constexpr std::size_t kBlock = std::size_t{64} * 1024;

  const Sink& sink_;
  std::string text_;
  bool open_ = true;
};

}  // namespace aka::report
