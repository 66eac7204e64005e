#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

#include "metrics/exposition.h"
#include "model/ids.h"

/// The two outputs that the page can be rendered into; both must take the same calls. Internal.
namespace aka::metrics {

/// Counts what would be written.
class CountingOutput {
 public:
  void text(std::string_view piece) { length_ += piece.size(); }
  void id(const model::KeyId&) { length_ += 24; }
  bool stopped() const { return false; }

  std::size_t length() const { return length_; }

 private:
  std::size_t length_ = 0;
};

/// Fills one block again and again and hands it to the sink; the last one by finish().
class BlockOutput {
 public:
  explicit BlockOutput(const BlockSink& sink)
      : sink_(sink), block_(std::make_unique_for_overwrite<char[]>(kBlockSize)) {}

  void text(std::string_view piece) {
    if (piece.size() > kBlockSize - used_) piece = spill(piece);
    std::memcpy(block_.get() + used_, piece.data(), piece.size());
    used_ += piece.size();
  }

  void id(const model::KeyId& id) {
    std::array<char, 24> digits;
    for (std::size_t i = 0; i < 12; ++i) {
      std::memcpy(digits.data() + 2 * i, kHexPairs[id.bytes()[i]].data(), 2);
    }
    text({digits.data(), digits.size()});
  }

  /// The sink wants no more; what comes is dropped.
  bool stopped() const { return stopped_; }

  bool finish() {
    flush();
    return !stopped_;
  }

 private:
  static constexpr std::size_t kBlockSize = std::size_t{256} * 1024;
  static constexpr auto kHexPairs = [] {
    std::array<std::array<char, 2>, 256> pairs{};
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      pairs[i] = {"0123456789abcdef"[i / 16], "0123456789abcdef"[i % 16]};
    }
    return pairs;
  }();

  /// Writes what fits, block by block; the rest fits.
  std::string_view spill(std::string_view piece) {
    while (piece.size() > kBlockSize - used_) {
      const std::size_t room = kBlockSize - used_;
      std::memcpy(block_.get() + used_, piece.data(), room);
      used_ += room;
      piece.remove_prefix(room);
      flush();
    }
    return piece;
  }

  void flush() {
    if (!stopped_ && used_ > 0) stopped_ = !sink_({block_.get(), used_});
    used_ = 0;
  }

  const BlockSink& sink_;
  std::unique_ptr<char[]> block_;
  std::size_t used_ = 0;
  bool stopped_ = false;
};

/// A number kept in thousandths, as text: "200", "1764000000.25" is "1764000000.250".
class NumberText {
 public:
  explicit NumberText(long long thousandths) {
    if (thousandths < 0) *end_++ = '-';
    const unsigned long long size = thousandths < 0
                                        ? 0ULL - static_cast<unsigned long long>(thousandths)
                                        : static_cast<unsigned long long>(thousandths);
    end_ = std::to_chars(end_, text_.data() + text_.size(), size / 1000).ptr;
    const auto fraction = static_cast<unsigned>(size % 1000);
    if (fraction == 0) return;
    for (const unsigned part : {10U, fraction / 100, fraction / 10 % 10, fraction % 10}) {
      *end_++ = part == 10 ? '.' : static_cast<char>('0' + part);
    }
  }

  std::string_view view() const {
    return {text_.data(), static_cast<std::size_t>(end_ - text_.data())};
  }

 private:
  std::array<char, 32> text_;
  char* end_ = text_.data();
};

}  // namespace aka::metrics
