#pragma once

#include <chrono>
#include <optional>

namespace aka::platform {

/// What the outside asks of the process.
enum class Request { stop, reload };

/// Blocks SIGINT, SIGTERM and SIGHUP in this and all later threads and ignores SIGPIPE. Call it
/// first thing in main(), before any thread starts.
void take_over_signals();

/// Waits for the next of them, and `patience` at most: SIGINT and SIGTERM are `stop`, SIGHUP is
/// `reload`. Signals that arrive while nobody waits are kept, several of one kind as one.
std::optional<Request> wait_for_request(std::chrono::seconds patience);

/// Lets SIGINT and SIGTERM end the process at once again, for commands that hold nothing.
void release_stop_signals();

}  // namespace aka::platform
