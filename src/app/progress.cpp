// The progress of an audit, on standard error so that a report in a pipe stays clean.
#include "app/progress.h"

#include <unistd.h>

#include <fmt/format.h>

namespace aka::app {
namespace {

constexpr std::chrono::seconds kShortRun{1};
constexpr std::chrono::milliseconds kBetweenDraws{100};
constexpr std::size_t kWidth = 30;
constexpr std::string_view kClearLine = "\r\x1b[K";

}  // namespace

Progress::Progress(std::size_t total, std::FILE* terminal, const base::Clock& clock)
    : total_(total), terminal_(terminal), clock_(clock), next_(clock.steady() + kShortRun) {}

Progress::~Progress() {
  if (drawn_) fmt::print(terminal_, "{}", kClearLine);
}

void Progress::step() {
  const std::scoped_lock lock(mutex_);
  ++done_;
  if (terminal_ == nullptr || clock_.steady() < next_) return;
  next_ = clock_.steady() + kBetweenDraws;
  drawn_ = true;
  fmt::print(terminal_, "{}{}", kClearLine, progress_bar(done_, total_));
  std::fflush(terminal_);
}

std::FILE* error_terminal() { return ::isatty(STDERR_FILENO) == 1 ? stderr : nullptr; }

std::string progress_bar(std::size_t done, std::size_t total) {
  const std::size_t filled = total == 0 ? kWidth : kWidth * done / total;
  return fmt::format("[{}{}] {}/{} keys", std::string(filled, '#'),
                     std::string(kWidth - filled, '.'), done, total);
}

}  // namespace aka::app
