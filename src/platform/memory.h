#pragma once

namespace aka::platform {

/// Keeps the allocator from giving each thread an arena of its own: with a thread per connection,
/// most of the resident memory would be empty arenas. Call before threads start.
void bound_allocator_arenas();

/// Gives freed memory back to the system, and code that only reading a configuration needed, for
/// after one was read.
void release_free_memory();

}  // namespace aka::platform
