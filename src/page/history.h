#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/clock.h"
#include "journal/record.h"
#include "page/html.h"

namespace aka::page {

/// The newest records of a key, the newest first, or why they cannot be read.
struct History {
  static constexpr std::size_t kMost = 200;

  std::vector<journal::Record> records;
  std::string failure;  ///< empty: none
};

/// A time during which one thing was so: a state's name, or `findings` while some were open.
struct Span {
  base::WallTime from{};
  base::WallTime until{};
  std::string what;

  friend bool operator==(const Span&, const Span&) = default;
};

/// What the records say of a key over time, up to `now`, in the order of time.
struct Timeline {
  std::vector<Span> states;
  std::vector<Span> findings;
};

Timeline timeline_of(const History& history, base::WallTime now);

/// What a record tells, in words; the data as they are, if they cannot be read.
std::string tale_of(const journal::Record& record);

/// The timeline as a picture with a description in words, then the records with their hashes.
void put_history(Html& html, const History& history, base::WallTime now);

}  // namespace aka::page
