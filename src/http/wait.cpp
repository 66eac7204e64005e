// The one place where this folder sleeps: ppoll(2) over the descriptor at work and the stop signal,
// to the nanosecond, because a deadline rounded down to milliseconds would end early.
#include "http/wait.h"

#include <algorithm>
#include <cerrno>
#include <poll.h>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace aka::http {
namespace {

using std::chrono::steady_clock;

tl::unexpected<TransportError> timed_out(std::string_view doing) {
  return tl::unexpected(TransportError{Failure::timeout, 0, fmt::format("timed out {}", doing)});
}

tl::unexpected<TransportError> stopped(std::string_view doing) {
  return tl::unexpected(TransportError{Failure::stopped, 0, fmt::format("stopped {}", doing)});
}

timespec to_timespec(steady_clock::duration left) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
  timespec result{};
  result.tv_sec = seconds.count();
  result.tv_nsec = std::chrono::nanoseconds(left - seconds).count();
  return result;
}

/// If it is time. Answers until when there is nothing to do.
steady_clock::time_point do_meanwhile(Meanwhile* meanwhile, steady_clock::time_point now) {
  if (meanwhile == nullptr || !meanwhile->act) return steady_clock::time_point::max();
  if (now < meanwhile->at) return meanwhile->at;
  std::exchange(meanwhile->act, nullptr)();
  return steady_clock::time_point::max();
}

}  // namespace

Status still_time(const Until& until, std::string_view doing) {
  if (until.stop.requested()) return stopped(doing);
  if (steady_clock::now() >= until.deadline) return timed_out(doing);
  return {};
}

Status wait_for(int descriptor, short events, const Until& until, std::string_view doing) {
  for (;;) {
    const auto now = steady_clock::now();
    if (now >= until.deadline) return timed_out(doing);
    const auto end = std::min(until.deadline, do_meanwhile(until.meanwhile, now));
    pollfd watched[] = {{descriptor, events, 0}, {until.stop.descriptor(), POLLIN, 0}};
    const timespec left = to_timespec(end - now);
    const int ready = ::ppoll(watched, 2, &left, nullptr);
    if (ready < 0 && errno != EINTR) {
      return tl::unexpected(TransportError{
          Failure::connect, 0,
          fmt::format("poll failed {}: {}", doing, std::generic_category().message(errno))});
    }
    if (ready > 0 && watched[1].revents != 0) return stopped(doing);
    if (ready > 0) return {};
  }
}

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace aka::http
