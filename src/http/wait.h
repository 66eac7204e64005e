#pragma once

#include <chrono>
#include <string_view>

#include <tl/expected.hpp>

#include "base/stop.h"
#include "http/message.h"

namespace aka::http {

/// What bounds everything that one request does.
struct Until {
  std::chrono::steady_clock::time_point deadline;
  const base::StopSignal& stop;
};

using Status = tl::expected<void, TransportError>;

/// Fails as `timeout` or `stopped` once it is time. `doing` completes "timed out ...".
/// Called before every read and write: a peer that never lets us wait must not outlive the
/// deadline.
Status still_time(const Until& until, std::string_view doing);

/// Waits for `events` of poll(2), an error or a hang-up on the descriptor.
Status wait_for(int descriptor, short events, const Until& until, std::string_view doing);

/// Whether a read or write that failed with that errno is to be tried again after waiting.
bool would_block(int error);

}  // namespace aka::http
