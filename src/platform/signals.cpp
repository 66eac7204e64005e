// Signals are blocked everywhere and fetched by sigwait(3) in one place, so no handler ever runs.
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

Request wait_for_request() {
  sigset_t set = stop_signals();
  sigaddset(&set, SIGHUP);
  int signal = 0;
  while (sigwait(&set, &signal) != 0) {
  }
  return signal == SIGHUP ? Request::reload : Request::stop;
}

void release_stop_signals() {
  const sigset_t set = stop_signals();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace aka::platform
