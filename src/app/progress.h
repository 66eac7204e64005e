#pragma once

#include <cstddef>
#include <cstdio>
#include <mutex>
#include <string>

#include "base/clock.h"

namespace aka::app {

/// One line on a terminal that tells how far a long run has come; gone when this ends. Says nothing
/// in the first second, and nothing at all without a terminal. Safe from any thread.
class Progress {
 public:
  /// `terminal` is null, or stays open as long as this lives.
  Progress(std::size_t total, std::FILE* terminal, const base::Clock& clock);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// One more is done.
  void step();

 private:
  const std::size_t total_;
  std::FILE* const terminal_;
  const base::Clock& clock_;

  std::mutex mutex_;  // guards all below
  std::size_t done_ = 0;
  base::SteadyTime next_;  // not to be drawn before
  bool drawn_ = false;
};

/// Null unless standard error is a terminal.
std::FILE* error_terminal();

/// "[#######.............] 350/1000 keys".
std::string progress_bar(std::size_t done, std::size_t total);

}  // namespace aka::app
