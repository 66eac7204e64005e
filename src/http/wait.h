#pragma once

#include <string_view>

#include <tl/expected.hpp>

#include "http/message.h"
#include "http/until.h"

namespace aka::http {

using Status = tl::expected<void, TransportError>;

/// Fails as `timeout` or `stopped` once it is time. `doing` completes "timed out ...".
/// Called before every read and write: a peer that never lets us wait must not outlive the
/// deadline.
Status still_time(const Until& until, std::string_view doing);

/// Waits for `events` of poll(2), an error or a hang-up on the descriptor; `meanwhile` is done
/// here.
Status wait_for(int descriptor, short events, const Until& until, std::string_view doing);

/// Whether a read or write that failed with that errno is to be tried again after waiting.
bool would_block(int error);

}  // namespace aka::http
