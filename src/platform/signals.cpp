// Signals are blocked everywhere and fetched by sigtimedwait(2) in one place, so no handler ever
// runs.
#include "platform/signals.h"

#include <csignal>
#include <pthread.h>

namespace aka::platform {
namespace {

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

}  // namespace

void take_over_signals() {
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t set = stop_signals();
  sigaddset(&set, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

std::optional<Request> wait_for_request(std::chrono::seconds patience) {
  sigset_t set = stop_signals();
  sigaddset(&set, SIGHUP);
  const timespec limit{.tv_sec = patience.count(), .tv_nsec = 0};
  const int signal = sigtimedwait(&set, nullptr, &limit);
  // Also where a debugger or SIGCONT cut the wait short.
  if (signal < 0) return std::nullopt;
  return signal == SIGHUP ? Request::reload : Request::stop;
}

void release_stop_signals() {
  const sigset_t set = stop_signals();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace aka::platform
