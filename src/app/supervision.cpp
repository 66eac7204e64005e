// The daemon's side of supervision. The watchdog is fed here only while the scheduler's threads
// come by, so that one that is stuck is ended and started anew. Entry: Supervision::started().
#include "app/supervision.h"

#include <algorithm>
#include <chrono>
#include <pthread.h>
#include <utility>

#include <fmt/format.h>

#include "report/keys.h"

namespace aka::app {
namespace {

constexpr std::chrono::microseconds kPeriod = std::chrono::seconds(10);

/// "1204" as "1,204".
std::string grouped(std::size_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3;) text.insert(at -= 3, 1, ',');
  return text;
}

}  // namespace

Outlook outlook(const model::Snapshot& snapshot) {
  Outlook outlook;
  report::each_key(snapshot, 0, [&](const report::KeyView& view) {
    ++outlook.keys;
    const auto& findings = report::findings_of(view.status);
    if (!std::ranges::all_of(findings, &model::Finding::waived)) ++outlook.drifting;
    return true;
  });
  return outlook;
}

std::string status_line(const Outlook& outlook) {
  std::string line = fmt::format("{} key{}, {} drifting", grouped(outlook.keys),
                                 outlook.keys == 1 ? "" : "s", grouped(outlook.drifting));
  if (outlook.until_next_poll) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*outlook.until_next_poll).count();
    line += seconds > 0 ? fmt::format(", next poll in {} s", seconds) : ", polling";
  }
  if (outlook.reload_rejected) line += "; the last reload was rejected, see the log";
  return line;
}

Supervision::Supervision(platform::Supervisor supervisor, Sources sources)
    : supervisor_(std::move(supervisor)), sources_(std::move(sources)) {}

Supervision::~Supervision() { stopping(); }

void Supervision::started() {
  if (!supervisor_.listens()) return;
  tell();
  supervisor_.ready();
  thread_ = std::thread([this] { run(); });
}

void Supervision::reloading() { supervisor_.reloading(); }

void Supervision::reloaded() {
  if (supervisor_.listens()) supervisor_.status(sources_.status());
  supervisor_.ready();
}

void Supervision::stopping() {
  if (!thread_.joinable()) return;
  supervisor_.stopping();
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wakes_.notify_all();
  thread_.join();
}

void Supervision::run() {
  ::pthread_setname_np(::pthread_self(), "supervision");
  const auto watchdog = supervisor_.watchdog();
  const auto period = watchdog ? std::min(kPeriod, *watchdog / 2) : kPeriod;
  std::unique_lock lock(mutex_);
  while (!wakes_.wait_for(lock, period, [this] { return stopping_; })) {
    lock.unlock();
    tell();
    lock.lock();
  }
}

void Supervision::tell() {
  supervisor_.status(sources_.status());
  if (sources_.alive()) supervisor_.feed();
}

}  // namespace aka::app
